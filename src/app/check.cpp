// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/terminal.hpp"

namespace porchlight::app {

int check_command(const CommandOptions& options) {
  config::Faults faults;
  auto settings = read_settings(options.config, faults);
  if (!settings) return complain(settings.error().text(), exit_unreachable);
  if (options.json) {
    auto list = nlohmann::json::array();
    for (const auto& fault : faults.all())
      list.push_back(
          {{"file", fault.file}, {"line", fault.line}, {"column", fault.column}, {"message", fault.message}});
    std::printf("%s\n", list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    for (const auto& fault : faults.all()) std::printf("%s\n", fault.text().c_str());
    if (faults.empty()) std::printf("%s: no faults\n", options.config.c_str());
  }
  return faults.empty() ? exit_done : exit_no;
}

}  // namespace porchlight::app
