// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/options.hpp"

#include <array>
#include <charconv>
#include <set>
#include <string_view>

#include "address.hpp"
#include "zones.hpp"

namespace porchlight::camera {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds shortest_stall{500};
constexpr milliseconds longest_stall{3'600'000};
constexpr int widest = 8192;  // pixels
constexpr int highest = 8192;

void read_login(config::Section& section, CameraOptions& camera) {
  const std::string user = section.text("user", "");
  const std::string password = section.text("password", "");
  if (!user.empty()) camera.user = user;
  if (!password.empty()) camera.password = password;
  if (camera.user.empty() && !camera.password.empty()) section.fault("password", "a password needs a user");
}

// The smaller stream of the same camera: its login is the camera's, unless its URL has one.
void read_detect(config::Section& section, CameraOptions& camera) {
  auto detect = read_address(section, "detect_url");
  if (detect.url.empty()) return;
  if (is_network(detect.kind) && detect.user.empty()) {
    detect.user = camera.user;
    detect.password = camera.password;
  }
  camera.detect = std::move(detect);
}

bool read_number(std::string_view text, int most, int& number) {
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end && number > 0 && number <= most;
}

void read_size(config::Section& section, CameraOptions& camera) {
  const std::string size = section.text("size", "");
  if (size.empty()) return;
  const std::string_view text = size;
  const auto times = text.find('x');
  if (times == std::string_view::npos || !read_number(text.substr(0, times), widest, camera.width) ||
      !read_number(text.substr(times + 1), highest, camera.height)) {
    camera.width = camera.height = 0;
    section.fault("size", "expected WIDTHxHEIGHT in pixels, such as 1280x720");
  }
}

PixelFormat format_named(std::string_view word) {
  if (word == "h264") return PixelFormat::h264;
  if (word == "mjpeg") return PixelFormat::mjpeg;
  if (word == "yuyv") return PixelFormat::yuyv;
  return PixelFormat::automatic;
}

RecordMode mode_named(std::string_view word) {
  if (word == "events") return RecordMode::events;
  return word == "off" ? RecordMode::off : RecordMode::continuous;
}

// Keys that one kind of source understands.
struct OwnKey {
  std::string_view key;
  SourceKind kind;
  std::string_view fault;
};
constexpr std::array<OwnKey, 7> own_keys{{
    {"loop", SourceKind::file, "only a file: camera can loop"},
    {"transport", SourceKind::rtsp,
     "only an rtsp: camera has a transport (rtsps: is TCP, or it would not be secret)"},
    {"tls_verify", SourceKind::rtsps, "only an rtsps: camera has a certificate"},
    {"ca_file", SourceKind::rtsps, "only an rtsps: camera has a certificate"},
    {"format", SourceKind::v4l2, "only a v4l2: camera can be asked for a format"},
    {"size", SourceKind::v4l2, "only a v4l2: camera can be asked for a size"},
    {"fps", SourceKind::v4l2, "only a v4l2: camera can be asked for a rate"},
}};

bool has_kind(const CameraOptions& camera, SourceKind kind) {
  return camera.kind == kind || (camera.detect && camera.detect->kind == kind);
}

void read_own_keys(config::Section& section, CameraOptions& camera) {
  camera.loop = section.boolean("loop", true);
  camera.transport =
      section.choice("transport", "tcp", {"tcp", "udp"}) == "udp" ? Transport::udp : Transport::tcp;
  camera.tls_verify = section.boolean("tls_verify", true);
  camera.ca_file = section.text("ca_file", "");
  if (!camera.ca_file.empty() && !camera.tls_verify)
    section.fault("ca_file", "with tls_verify: false nothing is verified");
  camera.format = format_named(section.choice("format", "auto", {"auto", "h264", "mjpeg", "yuyv"}));
  read_size(section, camera);
  camera.fps = section.number("fps", 0, 0, 1000);
  for (const auto& own : own_keys)
    if (section.has(own.key) && !has_kind(camera, own.kind)) section.fault(own.key, std::string(own.fault));
}

CameraOptions read_camera(config::Section& section) {
  CameraOptions camera;
  camera.id = section.required_id("id");
  camera.name = section.text("name", camera.id);
  if (!section.required_text("url").empty())
    static_cast<StreamAddress&>(camera) = read_address(section, "url");
  read_login(section, camera);
  read_detect(section, camera);
  camera.expected_fps = section.number("expected_fps", 0, 0, 1000);
  camera.stall = section.duration("stall", milliseconds(10'000), shortest_stall, longest_stall);
  camera.enabled = section.boolean("enabled", true);
  read_own_keys(section, camera);
  camera.motion = section.boolean("motion", true);
  camera.zones = read_zones(section);
  camera.masks = read_masks(section);
  camera.record = mode_named(section.choice("record", "continuous", {"continuous", "events", "off"}));
  camera.audio = section.boolean("audio", true);
  return camera;
}

}  // namespace

CameraOptions CameraOptions::watched() const {
  CameraOptions same = *this;
  if (detect) {
    static_cast<StreamAddress&>(same) = *detect;
    same.audio = false;  // what is recorded is the other
  }
  same.audio = same.audio && records();
  same.detect.reset();
  return same;
}

CameraOptions CameraOptions::main() const {
  CameraOptions same = *this;
  same.detect.reset();
  return same;
}

Result<CameraOptions> camera_at(const std::string& url) {
  auto address = address_of(url);
  if (!address) return std::move(address).error();
  CameraOptions camera;
  static_cast<StreamAddress&>(camera) = std::move(*address);
  camera.id = camera.name = "url";
  return camera;
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
