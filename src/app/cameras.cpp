// SPDX-License-Identifier: Apache-2.0
// `cameras test`: opens a camera for some seconds and says what it sends.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "porchlight/camera/inspection.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::app {
namespace {

using camera::CameraOptions;
using camera::Inspection;
using nlohmann::json;

// One stream to look at.
struct Stream {
  std::string name;  // main, detect
  CameraOptions options;
};

struct Seen {
  const Stream& stream;
  Result<Inspection> found;
  std::vector<std::string> advice;
};

double seconds(std::chrono::nanoseconds span) {
  return std::chrono::duration<double>(span).count();
}

double rounded(double value, double step) {
  return std::round(value / step) * step;
}

std::vector<Stream> streams_of(const CameraOptions& options) {
  std::vector<Stream> streams{{"main", options}};
  if (options.detect) streams.push_back({"detect", options.watched()});
  return streams;
}

struct Wanted {
  std::vector<Stream> streams;
  int exit_code = exit_done;
};

Wanted by_url(const std::string& url) {
  auto options = camera::camera_at(url);
  if (!options) return {{}, complain(options.error().text(), exit_usage)};
  return {streams_of(*options), exit_done};
}

// A secret of this camera that only the service sees, or nothing.
const config::Fault* fault_of(const std::vector<config::Fault>& faults, std::size_t camera) {
  const auto place = "cameras[" + std::to_string(camera) + "]";
  const auto found = std::find_if(faults.begin(), faults.end(),
                                  [&](const auto& fault) { return fault.message.starts_with(place); });
  return found == faults.end() ? nullptr : &*found;
}

// A program that the configuration names is the service's to start: as root it would run with all of root's
// rights. One on the command line is whoever's who typed it.
bool may_not_be_started(const std::vector<Stream>& streams) {
  return maintain::is_privileged() && std::any_of(streams.begin(), streams.end(), [](const auto& stream) {
           return stream.options.kind == camera::SourceKind::exec;
         });
}

Wanted by_id(const CommandOptions& options, const std::string& id) {
  config::Faults faults;
  auto settings = read_settings(options.config, faults);
  if (!settings) return {{}, complain(settings.error().text(), exit_unreachable)};
  const auto& cameras = settings->house.cameras;
  const auto camera =
      std::find_if(cameras.begin(), cameras.end(), [&](const auto& one) { return one.id == id; });
  if (camera == cameras.end()) {
    std::vector<std::string> ids;
    for (const auto& one : cameras) ids.push_back(one.id);
    const auto near = config::suggestion(id, ids);
    return {{},
            complain("no camera '" + id + "'" +
                         (near ? " (did you mean '" + *near + "'?)" : "; a URL has a ':' in it"),
                     exit_usage)};
  }
  if (const auto* fault = fault_of(faults.all(), static_cast<std::size_t>(camera - cameras.begin())))
    return {{},
            complain(fault->text(), config::is_hidden_credential(*fault) ? exit_unreachable : exit_usage)};
  auto streams = streams_of(*camera);
  if (may_not_be_started(streams))
    return {{},
            complain("the program of camera '" + id +
                         "' is not started as root; look as the service does: "
                         "sudo -u porchlight porchlight cameras test " +
                         id,
                     exit_unreachable)};
  return {std::move(streams), exit_done};
}

template <class Value>
json or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json(nullptr);
}

json as_json(const Seen& seen) {
  json object{{"stream", seen.stream.name}, {"url", seen.stream.options.printable_url()}};
  object["ok"] = seen.found.ok();
  if (!seen.found) {
    object["code"] = to_string(seen.found.error().code());
    object["error"] = seen.found.error().text();
    return object;
  }
  const Inspection& found = *seen.found;
  object["codec"] = found.codec;
  object["width"] = found.width;
  object["height"] = found.height;
  object["first_picture_ms"] = std::lround(1000 * seconds(found.first_picture));
  object["watched_seconds"] = rounded(seconds(found.watched), 0.1);
  object["pictures"] = found.pictures;
  object["damaged"] = found.damaged;
  object["fps"] = rounded(found.fps, 0.01);
  object["fps_announced"] =
      found.fps_announced > 0 ? json(rounded(found.fps_announced, 0.01)) : json(nullptr);
  object["bitrate_bps"] = std::lround(found.bitrate_bps);
  object["gop_pictures"] = or_null(found.gop_pictures);
  object["gop_seconds"] = found.gop ? json(rounded(seconds(*found.gop), 0.01)) : json(nullptr);
  object["b_frames"] = found.b_frames;
  object["drift_ms_per_second"] = or_null(found.drift_ms_per_second);
  object["jitter_ms"] = or_null(found.jitter_ms);
  object["advice"] = seen.advice;
  return object;
}

void row(const char* name, const std::string& text) {
  std::printf("  %-14s %s\n", name, text.c_str());
}

std::string number(double value, int digits, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f%s%s", digits, value, *unit == '\0' ? "" : " ", unit);
  return text;
}

void print(const Inspection& found) {
  row("codec", found.codec + " " + std::to_string(found.width) + "x" + std::to_string(found.height));
  row("rate", number(found.fps, 1, "frames/s") +
                  (found.fps_announced > 0 ? ", announced " + number(found.fps_announced, 1, "") : "") +
                  "; " + number(found.bitrate_bps / 1000, 0, "kbit/s"));
  row("keyframes", found.gop ? "every " + std::to_string(*found.gop_pictures) + " pictures, " +
                                   number(seconds(*found.gop), 1, "s")
                             : "fewer than two in " + number(seconds(found.watched), 1, "s"));
  row("B-frames", found.b_frames ? "yes" : "no");
  row("clock", found.drift_ms_per_second ? "drift " + number(*found.drift_ms_per_second, 1, "ms/s") +
                                               ", jitter " + number(*found.jitter_ms, 0, "ms")
                                         : "the stream has no timestamps to judge by");
  row("first picture", "after " + number(1000 * seconds(found.first_picture), 0, "ms"));
  row("pictures", std::to_string(found.pictures) + " decoded, " + std::to_string(found.damaged) + " damaged");
}

void print(const Seen& seen) {
  std::printf("%s: %s\n", seen.stream.name.c_str(), seen.stream.options.printable_url().c_str());
  if (!seen.found) return row("bad", seen.found.error().text());
  print(*seen.found);
  for (const auto& advice : seen.advice) row("advice", advice);
  if (seen.advice.empty()) row("advice", "none: all is well");
}

// A camera that is there and sends no pictures is a no; one that is not reached, or that does not let us
// in, is not known.
int exit_code_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::decode:
    case ErrorCode::unsupported:
    case ErrorCode::corrupt:
    case ErrorCode::timeout:
    case ErrorCode::end_of_stream:
      return exit_no;
    default:
      return exit_unreachable;
  }
}

Seen look_at(const Stream& stream, Clock& clock) {
  auto found = camera::inspect_camera(stream.options, clock);
  auto advice = found ? camera::advice_for(*found, stream.options) : std::vector<std::string>{};
  return {stream, std::move(found), std::move(advice)};
}

}  // namespace

int cameras_test_command(const CommandOptions& options, const std::string& camera) {
  const auto wanted = camera.find(':') != std::string::npos ? by_url(camera) : by_id(options, camera);
  if (wanted.streams.empty()) return wanted.exit_code;
  SystemClock clock;
  auto list = json::array();
  int exit_code = exit_done;
  for (const Stream& stream : wanted.streams) {
    if (!options.json) std::fprintf(stderr, "watching %s …\n", stream.options.printable_url().c_str());
    const Seen seen = look_at(stream, clock);
    if (!seen.found) exit_code = std::max(exit_code, exit_code_of(seen.found.error()));
    list.push_back(as_json(seen));
    if (!options.json) print(seen);
  }
  if (options.json)
    std::printf("%s\n", json{{"streams", list}}.dump(2, ' ', false, json::error_handler_t::replace).c_str());
  return exit_code;
}

}  // namespace porchlight::app
