// SPDX-License-Identifier: Apache-2.0
// The questions to systemd over a real D-Bus connection: a child process answers them as the manager
// does, on the other end of a socket pair.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <memory>

#include "maintain/unit_facts.hpp"

namespace porchlight::maintain {
namespace {

constexpr const char* unit_path = "/org/freedesktop/systemd1/unit/porchlight_2eservice";

int load_unit(sd_bus_message* call, void*, sd_bus_error* error) {
  const char* name = nullptr;
  if (const int rc = sd_bus_message_read(call, "s", &name); rc < 0) return rc;
  if (std::strcmp(name, "porchlight.service") != 0)
    return sd_bus_error_set(error, "org.freedesktop.systemd1.NoSuchUnit", name);
  return sd_bus_reply_method_return(call, "o", unit_path);
}

int get_text(sd_bus*, const char*, const char*, const char* property, sd_bus_message* reply, void* data,
             sd_bus_error*) {
  const auto& facts = *static_cast<const UnitFacts*>(data);
  const std::string name = property;
  const std::string& value = name == "LoadState"       ? facts.load_state
                             : name == "UnitFileState" ? facts.file_state
                             : name == "ActiveState"   ? facts.active_state
                             : name == "SubState"      ? facts.sub_state
                             : name == "Result"        ? facts.result
                             : name == "User"          ? facts.user
                                                       : facts.group;
  return sd_bus_message_append(reply, "s", value.c_str());
}

int get_texts(sd_bus*, const char*, const char*, const char* property, sd_bus_message* reply, void* data,
              sd_bus_error*) {
  const auto& facts = *static_cast<const UnitFacts*>(data);
  const auto& values = std::string(property) == "DropInPaths" ? facts.drop_ins : facts.supplementary_groups;
  if (const int rc = sd_bus_message_open_container(reply, 'a', "s"); rc < 0) return rc;
  for (const auto& value : values) sd_bus_message_append(reply, "s", value.c_str());
  return sd_bus_message_close_container(reply);
}

int get_number(sd_bus*, const char*, const char*, const char* property, sd_bus_message* reply, void* data,
               sd_bus_error*) {
  const auto& facts = *static_cast<const UnitFacts*>(data);
  const std::string name = property;
  if (name == "NRestarts") return sd_bus_message_append(reply, "u", facts.restarts);
  if (name == "ExecMainStatus") return sd_bus_message_append(reply, "i", facts.exit_status);
  return sd_bus_message_append(reply, "b", facts.needs_daemon_reload ? 1 : 0);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
const sd_bus_vtable manager_table[] = {
    SD_BUS_VTABLE_START(0), SD_BUS_METHOD("LoadUnit", "s", "o", load_unit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END};
const sd_bus_vtable unit_table[] = {SD_BUS_VTABLE_START(0),
                                    SD_BUS_PROPERTY("LoadState", "s", get_text, 0, 0),
                                    SD_BUS_PROPERTY("UnitFileState", "s", get_text, 0, 0),
                                    SD_BUS_PROPERTY("ActiveState", "s", get_text, 0, 0),
                                    SD_BUS_PROPERTY("SubState", "s", get_text, 0, 0),
                                    SD_BUS_PROPERTY("DropInPaths", "as", get_texts, 0, 0),
                                    SD_BUS_PROPERTY("NeedDaemonReload", "b", get_number, 0, 0),
                                    SD_BUS_VTABLE_END};
const sd_bus_vtable service_table[] = {SD_BUS_VTABLE_START(0),
                                       SD_BUS_PROPERTY("Result", "s", get_text, 0, 0),
                                       SD_BUS_PROPERTY("NRestarts", "u", get_number, 0, 0),
                                       SD_BUS_PROPERTY("ExecMainStatus", "i", get_number, 0, 0),
                                       SD_BUS_PROPERTY("User", "s", get_text, 0, 0),
                                       SD_BUS_PROPERTY("Group", "s", get_text, 0, 0),
                                       SD_BUS_PROPERTY("SupplementaryGroups", "as", get_texts, 0, 0),
                                       SD_BUS_VTABLE_END};
#pragma GCC diagnostic pop

[[noreturn]] void serve(int fd, UnitFacts facts, bool has_service) {
  sd_bus* bus = nullptr;
  sd_id128_t id{};
  sd_id128_randomize(&id);
  bool made = sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, fd, fd) >= 0 &&
              sd_bus_set_server(bus, 1, id) >= 0 && sd_bus_start(bus) >= 0 &&
              sd_bus_add_object_vtable(bus, nullptr, "/org/freedesktop/systemd1",
                                       "org.freedesktop.systemd1.Manager", manager_table, nullptr) >= 0 &&
              sd_bus_add_object_vtable(bus, nullptr, unit_path, "org.freedesktop.systemd1.Unit", unit_table,
                                       &facts) >= 0;
  if (made && has_service)
    made = sd_bus_add_object_vtable(bus, nullptr, unit_path, "org.freedesktop.systemd1.Service",
                                    service_table, &facts) >= 0;
  while (made && sd_bus_is_open(bus) > 0) {
    if (sd_bus_process(bus, nullptr) < 0) break;
    sd_bus_wait(bus, 100'000);
  }
  ::_exit(made ? 0 : 1);
}

struct Close {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};

Result<UnitFacts> ask(const UnitFacts& facts, bool has_service = true) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return errno_error(errno, "socketpair");
  const auto child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    serve(ends[1], facts, has_service);
  }
  ::close(ends[1]);
  sd_bus* raw = nullptr;
  sd_bus_new(&raw);
  auto answer = [&]() -> Result<UnitFacts> {
    const std::unique_ptr<sd_bus, Close> bus(raw);
    if (sd_bus_set_fd(raw, ends[0], ends[0]) < 0 || sd_bus_start(raw) < 0)
      return Error(ErrorCode::internal, "cannot talk to the child");
    return read_unit(raw);
  }();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return answer;
}

TEST(UnitOverTheBus, EveryPropertyArrives) {
  UnitFacts facts;
  facts.load_state = "loaded";
  facts.file_state = "enabled-runtime";
  facts.active_state = "activating";
  facts.sub_state = "auto-restart";
  facts.result = "watchdog";
  facts.restarts = 4'000'000'000;
  facts.exit_status = -7;
  facts.needs_daemon_reload = true;
  facts.drop_ins = {"/etc/a.conf", "/run/b.conf"};
  facts.user = "the user";
  facts.group = "the group";
  facts.supplementary_groups = {"gpio", "video"};
  const auto read = ask(facts);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->load_state, facts.load_state);
  EXPECT_EQ(read->file_state, facts.file_state);
  EXPECT_EQ(read->active_state, facts.active_state);
  EXPECT_EQ(read->sub_state, facts.sub_state);
  EXPECT_EQ(read->result, facts.result);
  EXPECT_EQ(read->restarts, facts.restarts);
  EXPECT_EQ(read->exit_status, facts.exit_status);
  EXPECT_TRUE(read->needs_daemon_reload);
  EXPECT_EQ(read->drop_ins, facts.drop_ins);
  EXPECT_EQ(read->user, facts.user);
  EXPECT_EQ(read->group, facts.group);
  EXPECT_EQ(read->supplementary_groups, facts.supplementary_groups);
}

TEST(UnitOverTheBus, AUnitThatIsNotInstalledHasNoService) {
  UnitFacts facts;
  facts.load_state = "not-found";
  const auto read = ask(facts, /*has_service=*/false);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->load_state, "not-found");
}

TEST(UnitOverTheBus, AnErrorOfTheManagerIsNamed) {
  UnitFacts facts;
  facts.load_state = "loaded";
  const auto read = ask(facts, /*has_service=*/false);
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().text().find("'Result'"), std::string::npos) << read.error().text();
}

}  // namespace
}  // namespace porchlight::maintain
