// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/options.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "url.hpp"

namespace porchlight::camera {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds shortest_stall{500};
constexpr milliseconds longest_stall{3'600'000};
constexpr std::array<std::string_view, 3> later_schemes{"rtsps", "v4l2", "exec"};

// The scheme's kind; a fault names what is wrong and never prints the URL, which may hold a password.
void read_url(config::Section& section, CameraOptions& camera) {
  const std::string url = section.required_text("url");
  if (url.empty()) return;
  const std::string scheme = scheme_of(url);
  if (scheme == "rtsp") {
    auto parts = split_credentials(url);
    camera.kind = SourceKind::rtsp;
    camera.url = std::move(parts.bare);
    camera.user = std::move(parts.user);
    camera.password = std::move(parts.password);
    if (camera.url.size() <= std::string_view("rtsp://").size() || !camera.url.starts_with("rtsp://"))
      section.fault("url", "expected rtsp://host/path");
  } else if (scheme == "file") {
    camera.kind = SourceKind::file;
    camera.url = url;
    if (file_path(url).empty()) section.fault("url", "expected file:/path/of/a/clip");
  } else if (std::find(later_schemes.begin(), later_schemes.end(), scheme) != later_schemes.end()) {
    section.fault("url", "scheme '" + scheme + "' is not in this version");
  } else if (scheme.empty()) {
    section.fault("url", "no scheme (expected rtsp:// or file:)");
  } else {
    const auto near = config::suggestion(scheme, {"rtsp", "file"});
    section.fault("url",
                  "unknown scheme '" + scheme + "'" + (near ? " (did you mean '" + *near + "'?)" : ""));
  }
}

void read_login(config::Section& section, CameraOptions& camera) {
  const std::string user = section.text("user", "");
  const std::string password = section.text("password", "");
  if (!user.empty()) camera.user = user;
  if (!password.empty()) camera.password = password;
  if (camera.user.empty() && !camera.password.empty()) section.fault("password", "a password needs a user");
}

CameraOptions read_camera(config::Section& section) {
  CameraOptions camera;
  camera.id = section.required_id("id");
  camera.name = section.text("name", camera.id);
  read_url(section, camera);
  read_login(section, camera);
  camera.expected_fps = section.number("expected_fps", 0, 0, 1000);
  camera.stall = section.duration("stall", milliseconds(10'000), shortest_stall, longest_stall);
  camera.enabled = section.boolean("enabled", true);
  camera.loop = section.boolean("loop", true);
  if (section.has("loop") && camera.kind != SourceKind::file)
    section.fault("loop", "only a file: camera can loop");
  section.not_in_this_version({"detect_url", "record", "audio", "zones", "masks"});
  return camera;
}

}  // namespace

std::string CameraOptions::printable_url() const {
  return kind == SourceKind::file ? url : url.substr(0, url.find('?'));
}

std::vector<CameraOptions> read_cameras(config::Section& root) {
  std::vector<CameraOptions> cameras;
  std::set<std::string> seen;
  for (config::Section& section : root.list("cameras")) {
    auto camera = read_camera(section);
    if (!camera.id.empty() && !seen.insert(camera.id).second)
      section.fault("id", "camera '" + camera.id + "' exists twice");
    cameras.push_back(std::move(camera));
  }
  return cameras;
}

}  // namespace porchlight::camera
