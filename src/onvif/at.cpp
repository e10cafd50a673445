// SPDX-License-Identifier: Apache-2.0
#include "onvif/at.hpp"

#include <algorithm>

#include "porchlight/onvif/device.hpp"
#include "porchlight/onvif/search.hpp"

namespace porchlight::onvif {
namespace {

constexpr auto* default_path = "/onvif/device_service";
constexpr std::uint16_t discovery_port = 3702;
constexpr std::chrono::milliseconds longest_wait{2000};  // where the device service may answer, too

std::string without_brackets(const std::string& host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

Device silent(const std::string& host, std::string text) {
  Device device;
  device.host = host;
  device.fault = Error(ErrorCode::unavailable, std::move(text));
  return device;
}

}  // namespace

Result<At> read_at(const std::string& at) {
  const bool bare = at.find("://") == std::string::npos;
  auto place = parse_address(bare ? "http://" + at : at);
  if (!place) {
    // What does not parse may be a login all the same.
    const auto shown = at.find('@') == std::string::npos ? "'" + at + "'" : std::string("what it names");
    return Error(ErrorCode::invalid_argument, "--at: " + shown + " is no host and no URL");
  }
  if (place->had_login)
    return Error(ErrorCode::invalid_argument,
                 "--at: a login does not go into the URL: use --user and --password");
  At result;
  result.host = without_brackets(place->host);
  if (place->scheme == "soap.udp") {
    result.probe = place->port.empty() ? discovery_port : static_cast<std::uint16_t>(std::stoi(place->port));
    return result;
  }
  if (!is_service(*place))
    return Error(ErrorCode::invalid_argument, "--at: '" + at + "' is neither http: nor https: nor soap.udp:");
  if (bare && place->port.empty() && place->path.empty()) result.probe = discovery_port;
  if (place->path.empty() || place->path == "/") place->path = default_path;
  result.service = std::move(*place);
  return result;
}

Status check_at(const std::string& at) {
  const auto place = read_at(at);
  return place ? Status() : Status(place.error());
}

Result<Device> interview_at(const std::string& at, std::chrono::milliseconds wait,
                            const InterviewOptions& options, Clock& clock) {
  const auto place = read_at(at);
  if (!place) return place.error();
  if (place->probe) {
    const auto found =
        search_at(place->host, *place->probe, place->service ? std::min(wait, longest_wait) : wait);
    if (found && !found->empty()) return interview(found->front(), options, clock);
    if (!found && found.error().code() == ErrorCode::not_found)
      return silent(place->host, found.error().text());
    if (!place->service)
      return silent(place->host, found ? "no answer to a probe at UDP port " + std::to_string(*place->probe)
                                       : found.error().text());
  }
  return interview(place->service->text(), options, clock);
}

}  // namespace porchlight::onvif
