// SPDX-License-Identifier: Apache-2.0
#include "maintain/unit_facts.hpp"

#include <systemd/sd-bus.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "maintain/account.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::maintain {
namespace {

constexpr const char* manager = "org.freedesktop.systemd1";
constexpr const char* unit_interface = "org.freedesktop.systemd1.Unit";
constexpr const char* service_interface = "org.freedesktop.systemd1.Service";
constexpr std::uint64_t answer_limit_usec = 5'000'000;

struct BusError {
  sd_bus_error error{};
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { sd_bus_error_free(&error); }
};

struct Unref {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};

Error bus_error(int rc, const BusError& said, const std::string& doing) {
  if (said.error.message != nullptr) return {ErrorCode::unavailable, doing + ": " + said.error.message};
  return errno_error(-rc, doing);
}

// Reads properties of one unit; the first failure stays and makes the rest no-ops.
class Properties {
 public:
  Properties(sd_bus* bus, std::string path) : bus_(bus), path_(std::move(path)) {}

  void text(const char* interface, const char* name, std::string& value) {
    char* raw = nullptr;
    ask(name, [&](sd_bus_error* e) {
      return sd_bus_get_property_string(bus_, manager, path_.c_str(), interface, name, e, &raw);
    });
    const std::unique_ptr<char, decltype(&std::free)> owned(raw, &std::free);
    if (owned) value = owned.get();
  }
  void texts(const char* interface, const char* name, std::vector<std::string>& values) {
    char** raw = nullptr;
    ask(name, [&](sd_bus_error* e) {
      return sd_bus_get_property_strv(bus_, manager, path_.c_str(), interface, name, e, &raw);
    });
    for (char** each = raw; each != nullptr && *each != nullptr; ++each) {
      values.emplace_back(*each);
      std::free(*each);
    }
    std::free(static_cast<void*>(raw));
  }
  void number(const char* interface, const char* name, char type, void* value) {
    ask(name, [&](sd_bus_error* e) {
      return sd_bus_get_property_trivial(bus_, manager, path_.c_str(), interface, name, e, type, value);
    });
  }
  Status status() const { return failure_ ? Status(*failure_) : Status(); }

 private:
  template <class Call>
  void ask(const char* name, Call call) {
    if (failure_) return;
    BusError said;
    const int rc = call(&said.error);
    if (rc < 0) failure_ = bus_error(rc, said, std::string("ask systemd for '") + name + "'");
  }

  sd_bus* bus_;
  const std::string path_;
  std::optional<Error> failure_;
};

// Also of a unit that does not run; systemd loads its file for the question, as `systemctl status` does.
Result<std::string> path_of_unit(sd_bus* bus) {
  BusError said;
  sd_bus_message* raw = nullptr;
  int rc = sd_bus_call_method(bus, manager, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                              "LoadUnit", &said.error, &raw, "s", "porchlight.service");
  const std::unique_ptr<sd_bus_message, Unref> answer(raw);
  const char* path = nullptr;
  if (rc >= 0) rc = sd_bus_message_read(answer.get(), "o", &path);
  if (rc < 0) return bus_error(rc, said, "ask systemd for 'porchlight.service'");
  return std::string(path);
}

}  // namespace

Result<UnitFacts> read_unit(sd_bus* bus) {
  sd_bus_set_method_call_timeout(bus, answer_limit_usec);
  auto path = path_of_unit(bus);
  if (!path) return std::move(path).error();
  Properties unit(bus, std::move(*path));
  UnitFacts facts;
  unit.text(unit_interface, "LoadState", facts.load_state);
  if (auto status = unit.status(); !status) return std::move(status).error();
  if (facts.load_state != "loaded") return facts;
  int stale = 0;
  unit.text(unit_interface, "UnitFileState", facts.file_state);
  unit.text(unit_interface, "ActiveState", facts.active_state);
  unit.text(unit_interface, "SubState", facts.sub_state);
  unit.texts(unit_interface, "DropInPaths", facts.drop_ins);
  unit.number(unit_interface, "NeedDaemonReload", 'b', &stale);
  unit.text(service_interface, "Result", facts.result);
  unit.number(service_interface, "NRestarts", 'u', &facts.restarts);
  unit.number(service_interface, "ExecMainStatus", 'i', &facts.exit_status);
  unit.text(service_interface, "User", facts.user);
  unit.text(service_interface, "Group", facts.group);
  unit.texts(service_interface, "SupplementaryGroups", facts.supplementary_groups);
  facts.needs_daemon_reload = stale != 0;
  if (auto status = unit.status(); !status) return std::move(status).error();
  return facts;
}

void read_accounts(UnitFacts& facts) {
  const auto account = find_account(facts.user);
  const auto gpio = find_group("gpio");
  facts.user_exists = account.has_value();
  facts.group_exists = facts.group.empty() || find_group(facts.group).has_value();
  for (const auto& group : facts.supplementary_groups)
    if (!find_group(group)) facts.missing_groups.push_back(group);
  facts.user_in_gpio = account && gpio && account->is_in(*gpio);
}

}  // namespace porchlight::maintain
