// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "porchlight/camera/inspection.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_gop = 4s;
constexpr auto longest_wait = 3s;
constexpr int enough_height = 1080;  // pixels; more costs decoding and finds no more faces at a door
constexpr int least_height = 360;
constexpr double worst_drift = 5;     // ms a second
constexpr double worst_jitter = 250;  // ms
constexpr double rate_tolerance = 0.2;

std::string number(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

double seconds(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

class Adviser {
 public:
  Adviser(const Inspection& found, const CameraOptions& options) : found_(found), options_(options) {}

  std::vector<std::string> all() {
    order_of_pictures();
    keyframes();
    codec();
    size();
    rate();
    times();
    damage();
    return std::move(said_);
  }

 private:
  void say(std::string text) { said_.push_back(std::move(text)); }

  void order_of_pictures() {
    if (found_.b_frames)
      say("it sends B-frames: every one delays the picture by a frame; switch them off in the camera (often "
          "called 'smart codec', profile 'main' or 'high': choose 'baseline')");
    if (found_.first_picture > longest_wait)
      say("the first picture took " + number(seconds(found_.first_picture), 1) +
          " s: so long a reconnected camera shows nothing");
  }

  void keyframes() {
    if (!found_.gop) {
      say("no second keyframe came within " + number(seconds(found_.watched), 0) +
          " s: set the camera's keyframe interval (GOP, I-frame interval) to 1 or 2 s");
    } else if (*found_.gop > longest_gop) {
      say("a keyframe comes every " + number(seconds(*found_.gop), 1) +
          " s: after each fault there is no picture for so long; set the interval (GOP) to 1 or 2 s");
    }
    const auto gop = found_.gop.value_or(found_.watched);
    if (gop > options_.stall)
      say("keyframes are further apart than `stall`, so one damaged picture counts as a lost camera: "
          "`stall: " +
          std::to_string(2 * (1 + static_cast<int>(seconds(gop)))) + "s`");
  }

  void codec() {
    if (found_.codec == "hevc")
      say("H.265 is not played by browsers over WebRTC: faces and rings work, for a live view one of the "
          "camera's streams should be H.264");
    if (found_.codec == "mjpeg" || found_.codec == "rawvideo")
      say("every picture is sent whole (" + number(found_.bitrate_bps / 1e6, 1) +
          " Mbit/s): take H.264 where the camera has it");
  }

  void size() {
    const std::string size = std::to_string(found_.width) + "x" + std::to_string(found_.height);
    if (found_.height > enough_height)
      say(size + " is decoded picture by picture: name a smaller stream of the camera in `detect_url`");
    if (found_.height < least_height)
      say(size + " is small: a face of 40 pixels must fill a " +
          number(static_cast<double>(found_.height) / 40, 0) + "th of its height");
  }

  void rate() {
    if (found_.fps_announced > 0 &&
        std::abs(found_.fps - found_.fps_announced) > rate_tolerance * found_.fps_announced)
      say("it announces " + number(found_.fps_announced, 1) + " frames/s and sends " + number(found_.fps, 1) +
          ": set `expected_fps: " + number(std::max(1.0, std::round(found_.fps)), 0) +
          "`, or look at exposure (at night) and network");
    if (options_.expected_fps > 0 && found_.fps < (1 - rate_tolerance) * options_.expected_fps)
      say("`expected_fps` is " + number(options_.expected_fps, 1) + ", and " + number(found_.fps, 1) +
          " frames/s come");
  }

  void times() {
    if (found_.drift_ms_per_second && std::abs(*found_.drift_ms_per_second) > worst_drift)
      say(std::string("its timestamps run ") + (*found_.drift_ms_per_second > 0 ? "fast" : "slow") + " by " +
          number(std::abs(*found_.drift_ms_per_second), 1) +
          " ms every second: recordings of it would be too " +
          (*found_.drift_ms_per_second > 0 ? "long" : "short"));
    if (found_.jitter_ms && *found_.jitter_ms > worst_jitter)
      say("pictures come up to " + number(*found_.jitter_ms, 0) +
          " ms late: look at the network (Wi-Fi?) between here and the camera");
  }

  void damage() {
    if (found_.damaged == 0) return;
    say(std::to_string(found_.damaged) + " pictures were damaged on their way" +
        (options_.transport == Transport::udp && options_.kind == SourceKind::rtsp ? ": take `transport: tcp`"
                                                                                   : ""));
  }

  const Inspection& found_;
  const CameraOptions& options_;
  std::vector<std::string> said_;
};

}  // namespace

std::vector<std::string> advice_for(const Inspection& found, const CameraOptions& options) {
  return Adviser(found, options).all();
}

}  // namespace porchlight::camera
