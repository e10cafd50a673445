// SPDX-License-Identifier: Apache-2.0
// The commands about chime, lights and doors.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "porchlight/api/control_client.hpp"
#include "porchlight/gpio/probe.hpp"

namespace porchlight::app {
namespace {

using nlohmann::json;

int refused(const api::ControlAnswer& answer) {
  return complain(answer.problem(), answer.status == 503 ? exit_unreachable : exit_no);
}

}  // namespace

int outputs_list_command(const CommandOptions& options) {
  auto [settings, exit_code] = settings_to_ask_with(options);
  if (!settings) return exit_code;
  const auto answer = api::ControlClient(settings->control_socket()).status();
  if (!answer) return complain(answer.error().text(), exit_unreachable);
  if (!answer->ok()) return refused(*answer);
  const auto outputs = json::parse(answer->body).value("outputs", json::array());
  if (options.json) {
    std::printf("%s\n", outputs.dump(2, ' ', false, json::error_handler_t::replace).c_str());
    return exit_done;
  }
  for (const auto& output : outputs) std::printf("%s\n", output.value("text", "").c_str());
  if (outputs.empty()) std::printf("no output is configured\n");
  return exit_done;
}

int outputs_test_command(const CommandOptions& options, const std::string& id) {
  auto [settings, exit_code] = settings_to_ask_with(options);
  if (!settings) return exit_code;
  const auto answer = api::ControlClient(settings->control_socket()).test_output(id);
  if (!answer) return complain(answer.error().text(), exit_unreachable);
  if (!answer->ok()) return refused(*answer);
  if (options.json)
    std::printf("%s\n", answer->body.c_str());
  else
    std::printf("%s is on\n", id.c_str());
  return exit_done;
}

// For systemd when the service has ended, however it did: a pin may still be where the daemon left it.
int outputs_rest_command(const CommandOptions& options) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  int result = exit_done;
  for (const auto& output : settings->house.outputs) {
    if (!output.enabled) continue;
    const auto rested = gpio::rest_output(output, settings->house.buttons);
    if (!rested) result = complain("output '" + output.id + "': " + rested.error().text(), exit_no);
  }
  return result;
}

}  // namespace porchlight::app
