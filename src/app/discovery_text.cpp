// SPDX-License-Identifier: Apache-2.0
#include "app/discovery_text.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "porchlight/onvif/snippet.hpp"

namespace porchlight::app {
namespace {

using nlohmann::json;
using onvif::Device;
using onvif::Profile;

std::string row(const char* name, const std::string& text) {
  char begin[32];
  std::snprintf(begin, sizeof begin, "  %-10s ", name);
  return begin + text + "\n";
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const auto& word : words)
    if (!word.empty()) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string clock_words(std::chrono::seconds skew) {
  if (skew.count() == 0) return "as ours";
  return std::to_string(std::abs(skew.count())) + " s " +
         (skew.count() > 0 ? "ahead of ours" : "behind ours");
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

// What the configuration would use it for: url, detect_url or nothing.
const char* use_of(const Profile& profile, const onvif::Choice& choice) {
  if (&profile == choice.main) return "url";
  return &profile == choice.detect ? "detect_url" : "";
}

std::string profile_words(const Profile& profile, const onvif::Choice& choice) {
  const std::string use = use_of(profile, choice);
  std::string text = "'" + profile.name + "': " + profile.codec + " " + std::to_string(profile.width) + "x" +
                     std::to_string(profile.height);
  if (profile.fps > 0) text += ", " + number(profile.fps) + " frames/s";
  if (!profile.uri.empty()) text += ", " + profile.uri;
  return use.empty() ? text : text + " (" + use + ")";
}

json profile_json(const Profile& profile, const onvif::Choice& choice) {
  const std::string use = use_of(profile, choice);
  return {{"token", profile.token},
          {"name", profile.name},
          {"codec", profile.codec},
          {"width", profile.width},
          {"height", profile.height},
          {"fps", profile.fps > 0 ? json(profile.fps) : json(nullptr)},
          {"uri", profile.uri.empty() ? json(nullptr) : json(profile.uri)},
          {"elsewhere", profile.elsewhere},
          {"use", use.empty() ? json(nullptr) : json(use)}};
}

}  // namespace

std::string discovery_text(const Device& device) {
  std::string text = joined({device.host, device.name}, "  ") + "\n";
  const auto make = joined({device.manufacturer, device.model}, " ");
  const auto rest = joined({make, device.firmware.empty() ? "" : "firmware " + device.firmware,
                            device.hardware.empty() ? "" : "hardware " + device.hardware},
                           ", ");
  if (!rest.empty()) text += row("device", rest);
  if (!device.address.empty()) text += row("address", device.address);
  if (device.clock_skew) text += row("clock", clock_words(*device.clock_skew));
  const auto choice = onvif::choose(device.profiles);
  for (const auto& profile : device.profiles) text += row("profile", profile_words(profile, choice));
  for (const auto& warning : device.warnings) text += row("warning", warning);
  if (device.fault) text += row("bad", device.fault->text());
  if (device.fault && device.fault->code() == ErrorCode::auth)
    text += row("advice",
                "give a user of the camera's with --user; many cameras keep ONVIF users of their own, "
                "which are made in the camera's web page");
  else if (!device.fault && choice.main == nullptr)
    text +=
        row("advice", "it offers no stream in H.264 or H.265 over RTSP: set one in the camera's web page");
  return text;
}

json discovery_json(const Device& device) {
  const auto choice = onvif::choose(device.profiles);
  auto profiles = json::array();
  for (const auto& profile : device.profiles) profiles.push_back(profile_json(profile, choice));
  json object{{"host", device.host},
              {"address", device.address},
              {"name", device.name},
              {"hardware", device.hardware},
              {"manufacturer", device.manufacturer},
              {"model", device.model},
              {"firmware", device.firmware},
              {"clock_skew_seconds", device.clock_skew ? json(device.clock_skew->count()) : json(nullptr)},
              {"profiles", profiles},
              {"warnings", device.warnings},
              {"ok", !device.fault}};
  if (!device.fault) return object;
  object["code"] = to_string(device.fault->code());
  object["error"] = device.fault->text();
  return object;
}

std::string nothing_found(const std::vector<std::string>& interfaces) {
  return "No ONVIF device answered on " + joined(interfaces, ", ") +
         ".\n"
         "  - Is ONVIF switched on in the camera, and a user for it made? Many come with both off.\n"
         "  - Is the camera in the same network segment? Routers, guest networks and many access points "
         "pass\n"
         "    no multicast (239.255.255.250, UDP port 3702).\n"
         "  - Does a firewall of this machine drop the answers? They are UDP from port 3702.\n"
         "  - Is it the right interface? --interface NAME asks on that one only.\n"
         "A camera whose address is known is asked without multicast: porchlight cameras discover --at "
         "HOST\n";
}

std::string search_flooded(const std::vector<std::string>& interfaces) {
  return "The search ended early: something on " + joined(interfaces, ", ") +
         " sends datagrams without an end, so there may be more devices.\n"
         "  Search on the cameras' interface only (--interface NAME), or name the device: porchlight cameras "
         "discover --at HOST\n\n";
}

}  // namespace porchlight::app
