// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/terminal.hpp"

namespace porchlight::app {

int check_command(const CommandOptions& options) {
  config::Faults faults;
  auto settings = read_settings(options.config, faults);
  if (!settings) return complain(settings.error().text(), exit_unreachable);
  // A command beside the service cannot see its credentials; the service can, and says so when not.
  const auto is_note = [](const config::Fault& fault) { return config::is_hidden_credential(fault); };
  const auto& all = faults.all();
  const bool good = std::all_of(all.begin(), all.end(), is_note);
  if (options.json) {
    auto list = nlohmann::json::array();
    for (const auto& fault : all)
      list.push_back({{"file", fault.file},
                      {"line", fault.line},
                      {"column", fault.column},
                      {"message", fault.message},
                      {"severity", is_note(fault) ? "note" : "error"}});
    std::printf("%s\n", list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    for (const auto& fault : all)
      std::printf("%s%s\n", fault.text().c_str(), is_note(fault) ? "; not checked" : "");
    if (good) std::printf("%s: no faults\n", options.config.c_str());
  }
  return good ? exit_done : exit_no;
}

}  // namespace porchlight::app
