// SPDX-License-Identifier: Apache-2.0
// `cameras discover`: ONVIF cameras of this network, and what to write into the configuration for them.
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "app/commands.hpp"
#include "app/discovery_text.hpp"
#include "app/new_file.hpp"
#include "app/terminal.hpp"
#include "porchlight/config/document.hpp"
#include "porchlight/onvif/device.hpp"
#include "porchlight/onvif/search.hpp"
#include "porchlight/onvif/snippet.hpp"

namespace porchlight::app {
namespace {

using nlohmann::json;
using onvif::Device;

constexpr std::chrono::seconds longest_interviews{120};  // of all devices together

bool is_reference(const std::string& text) {
  for (const auto* begin : {"${ENV:", "${file:", "${credential:"})
    if (text.starts_with(begin) && text.find('}') == text.size() - 1) return true;
  return false;
}

// The secret behind a reference, read as the configuration reads it.
Result<std::string> secret_of(const std::string& reference) {
  config::Faults faults;
  auto document = config::Document::parse("password: " + json(reference).dump(), "--password", faults);
  auto password = document.root().text("password", "");
  if (!faults.empty()) return Error(ErrorCode::permission_denied, faults.all().front().message);
  return password;
}

Result<onvif::Login> login_of(const DiscoverOptions& asked) {
  onvif::Login login{asked.user, {}};
  if (asked.user.empty() && asked.password.empty()) return login;
  if (asked.user.empty()) return Error(ErrorCode::invalid_argument, "--password needs --user");
  if (!asked.password.empty() && !is_reference(asked.password))
    return Error(ErrorCode::invalid_argument,
                 "--password takes a reference, since everybody sees a command line: '${file:/path}', "
                 "'${ENV:NAME}' or '${credential:NAME}'; without it the password is asked for");
  auto password = asked.password.empty() ? read_password() : secret_of(asked.password);
  if (!password) return std::move(password).error();
  login.password = std::move(*password);
  return login;
}

struct Seen {
  std::vector<Device> devices;
  std::vector<std::string> interfaces;  // searched on; empty with --at
  std::size_t not_asked = 0;            // the time was over
  bool flooded = false;                 // the search ended early
};

Result<Seen> search(const DiscoverOptions& asked, const onvif::InterviewOptions& terms, Clock& clock) {
  const auto result = onvif::search({std::chrono::seconds(asked.wait), asked.interface});
  if (!result) return result.error();
  Seen seen;
  seen.interfaces = result->interfaces;
  seen.flooded = result->flooded;
  const auto end = clock.now() + longest_interviews;
  for (const auto& found : result->found) {
    if (clock.now() < end)
      seen.devices.push_back(onvif::interview(found, terms, clock));
    else
      ++seen.not_asked;
  }
  return seen;
}

Result<Seen> ask_named(const DiscoverOptions& asked, const onvif::InterviewOptions& terms, Clock& clock) {
  Seen seen;
  for (const auto& at : asked.at) {
    auto device = onvif::interview_at(at, std::chrono::seconds(asked.wait), terms, clock);
    if (!device) return std::move(device).error();
    seen.devices.push_back(std::move(*device));
  }
  return seen;
}

void print(const Seen& seen, const std::string& yaml, bool written) {
  for (const auto& device : seen.devices) std::printf("%s\n", discovery_text(device).c_str());
  if (seen.not_asked > 0)
    std::printf("%zu more devices answered and were not asked: name them with --at\n\n", seen.not_asked);
  if (seen.flooded)
    std::printf("%s", search_flooded(seen.interfaces).c_str());
  else if (seen.devices.empty())
    std::printf("%s", nothing_found(seen.interfaces).c_str());
  if (seen.devices.empty()) return;
  if (!yaml.empty())
    std::printf("For the configuration%s. 'porchlight cameras test' tries a URL.\n\n%s",
                written ? "" : "; nothing was written", yaml.c_str());
}

void print_json(const Seen& seen, const std::string& yaml) {
  auto list = json::array();
  for (const auto& device : seen.devices) list.push_back(discovery_json(device));
  const json all{{"devices", list},
                 {"interfaces", seen.interfaces},
                 {"not_asked", seen.not_asked},
                 {"flooded", seen.flooded},
                 {"yaml", yaml}};
  std::printf("%s\n", all.dump(2, ' ', false, json::error_handler_t::replace).c_str());
}

int verdict(const Seen& seen) {
  if (seen.flooded) return exit_unreachable;
  if (seen.devices.empty()) return exit_no;
  for (const auto& device : seen.devices)
    if (device.fault) return exit_unreachable;
  return exit_done;
}

Exit exit_of(const Error& error) {
  return error.code() == ErrorCode::invalid_argument || error.code() == ErrorCode::already_exists
             ? exit_usage
             : exit_unreachable;
}

}  // namespace

int cameras_discover_command(const CommandOptions& options, const DiscoverOptions& asked) {
  std::error_code ignored;
  if (!asked.yaml.empty() && std::filesystem::exists(asked.yaml, ignored))
    return complain("--yaml: '" + asked.yaml + "' is there already", exit_usage);
  for (const auto& at : asked.at)
    if (auto named = onvif::check_at(at); !named) return complain(named.error().text(), exit_usage);
  auto login = login_of(asked);
  if (!login) return complain(login.error().text(), exit_of(login.error()));
  onvif::InterviewOptions terms;
  terms.login = std::move(*login);
  terms.ca_file = asked.ca_file;
  if (!options.json && asked.at.empty()) std::fprintf(stderr, "searching for %d s …\n", asked.wait);
  SystemClock clock;
  const auto seen = asked.at.empty() ? search(asked, terms, clock) : ask_named(asked, terms, clock);
  if (!seen) return complain(seen.error().text(), exit_of(seen.error()));
  const auto yaml = onvif::cameras_yaml(seen->devices, asked.user, asked.password);
  const bool to_write = !asked.yaml.empty() && !yaml.empty();
  options.json ? print_json(*seen, yaml) : print(*seen, yaml, to_write);
  if (to_write) {
    if (auto written = write_new_file(asked.yaml, yaml); !written)
      return complain(written.error().text(), exit_of(written.error()));
    std::fprintf(stderr, "written to '%s'\n", asked.yaml.c_str());
  }
  return verdict(*seen);
}

}  // namespace porchlight::app
