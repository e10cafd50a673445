// SPDX-License-Identifier: Apache-2.0
// The commands that ask the running daemon.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "porchlight/api/control_client.hpp"

namespace porchlight::app {
namespace {

using nlohmann::json;

// The daemon answered that it will not (exit 1), or could not in time (503: exit 3).
int refused(const api::ControlAnswer& answer) {
  auto text = answer.problem();
  const auto body = json::parse(answer.body, nullptr, false);
  if (body.is_object() && body.contains("buttons") && !body["buttons"].empty()) {
    text += "; there are:";
    for (const auto& id : body["buttons"]) text += " " + id.get<std::string>();
  }
  return complain(text, answer.status == 503 ? exit_unreachable : exit_no);
}

// No answer at all is exit 3, whatever the reason.
int unreachable(const Error& error) {
  return complain(error.text(), exit_unreachable);
}

void print_lines(const char* heading, const json& lines) {
  for (const auto& line : lines) std::printf("%s %s\n", heading, line.get<std::string>().c_str());
}

std::string text_or(const json& object, const char* key, const char* otherwise) {
  return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : otherwise;
}

void print_ring(const json& ring) {
  std::printf("ring     %s  %s  button %s  %s", text_or(ring, "time", "").c_str(),
              text_or(ring, "id", "").c_str(), text_or(ring, "button", "").c_str(),
              text_or(ring, "result", "no answer yet").c_str());
  if (ring.contains("person")) std::printf(" (%s)", ring["person"].get<std::string>().c_str());
  std::printf("\n");
  for (const auto& delivery : ring["deliveries"]) {
    std::printf("           to %s, message %d: %s", delivery["channel"].get<std::string>().c_str(),
                delivery["sequence"].get<int>(), delivery["state"].get<std::string>().c_str());
    if (delivery.contains("edge_to_delivered_ms"))
      std::printf(", %.1f ms after the edge", delivery["edge_to_delivered_ms"].get<double>());
    std::printf("\n");
  }
}

// Where a browser on this machine finds it: no address to bind is one to go to.
std::string place_of(const json& listen) {
  auto address = text_or(listen, "address", "?");
  for (const std::string wildcard : {"0.0.0.0:", "[::]:", "*:"})
    if (address.starts_with(wildcard)) address = "localhost:" + address.substr(wildcard.size());
  return (listen.value("tls", false) ? "https://" : "http://") + address;
}

void print_status(const json& status) {
  std::printf("porchlight %s, %s, %s\n", text_or(status, "version", "?").c_str(),
              status["ready"].get<bool>() ? "ready" : "not ready", place_of(status["listen"]).c_str());
  for (const auto& [check, good] : status["checks"].items())
    if (!good.get<bool>()) std::printf("missing  %s\n", check.c_str());
  for (const auto& camera : status["cameras"])
    std::printf("camera   %-12s %s\n", text_or(camera, "id", "").c_str(),
                text_or(camera, "state", "").c_str());
  for (const auto& button : status["buttons"])
    std::printf("button   %s\n", text_or(button, "text", "").c_str());
  for (const auto& output : status.value("outputs", json::array()))
    std::printf("output   %s\n", text_or(output, "text", "").c_str());
  for (const auto& ring : status["rings"]) print_ring(ring);
}

// Without --button: the only one there is. The daemon is asked, not the file: that may be a draft.
Result<std::string> the_button(const api::ControlClient& daemon, const std::string& asked) {
  if (!asked.empty()) return asked;
  const auto answer = daemon.status();
  if (!answer) return answer.error();
  const auto status = json::parse(answer->body, nullptr, false);
  if (!answer->ok() || !status.is_object()) return Error(ErrorCode::unavailable, answer->problem());
  std::string ids;
  for (const auto& button : status["buttons"]) ids += (ids.empty() ? "" : ", ") + text_or(button, "id", "");
  if (status["buttons"].size() == 1) return ids;
  return Error(ErrorCode::invalid_argument,
               ids.empty() ? "no button is configured" : "which button? --button one of: " + ids);
}

}  // namespace

int ring_command(const CommandOptions& options, const std::string& asked) {
  auto [settings, exit_code] = settings_to_ask_with(options);
  if (!settings) return exit_code;
  const api::ControlClient daemon(settings->control_socket());
  const auto button = the_button(daemon, asked);
  if (!button && button.error().code() == ErrorCode::invalid_argument)
    return complain(button.error().text(), exit_usage);
  if (!button) return unreachable(button.error());
  const auto answer = daemon.ring(*button);
  if (!answer) return unreachable(answer.error());
  if (!answer->ok()) return refused(*answer);
  if (options.json)
    std::printf("%s\n", answer->body.c_str());
  else
    std::printf("rung: %s\n", json::parse(answer->body)["id"].get<std::string>().c_str());
  return exit_done;
}

int status_command(const CommandOptions& options) {
  auto [settings, exit_code] = settings_to_ask_with(options);
  if (!settings) return exit_code;
  const auto answer = api::ControlClient(settings->control_socket()).status();
  if (!answer) return unreachable(answer.error());
  if (!answer->ok()) return refused(*answer);
  if (options.json)
    std::printf("%s\n", answer->body.c_str());
  else
    print_status(json::parse(answer->body));
  return exit_done;
}

int reload_command(const CommandOptions& options) {
  // The daemon judges the new file; ours may be read only for where its socket is.
  config::Faults faults;
  auto settings = read_settings(options.config, faults);
  if (!settings) return complain(settings.error().text(), exit_unreachable);
  const auto answer = api::ControlClient(settings->control_socket()).reload();
  if (!answer) return unreachable(answer.error());
  if (!answer->ok()) return refused(*answer);
  if (options.json) {
    std::printf("%s\n", answer->body.c_str());
    return exit_done;
  }
  const auto report = json::parse(answer->body);
  print_lines("applied:", report.value("applied", json::array()));
  print_lines("rebuilt:", report.value("restarted", json::array()));
  print_lines("needs a restart of the daemon:", report.value("needs_restart", json::array()));
  print_lines("warning:", report.value("warnings", json::array()));
  std::printf("reloaded\n");
  return exit_done;
}

}  // namespace porchlight::app
