// SPDX-License-Identifier: Apache-2.0
#include "pipeline/event_clips.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "pipeline/event_scope.hpp"
#include "porchlight/base/durable_file.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
// A fragment, its sync, and what a camera is late.
constexpr auto until_written = 4s;
// A recorder that is late once more; then nothing comes any more.
constexpr auto second_look = 10s;
constexpr int most_attempts = 2;
constexpr int most_cuts = 3;
constexpr std::uint64_t stays_free = std::uint64_t{512} << 20;

// Of what is given up, too.
class Scratch {
 public:
  explicit Scratch(std::filesystem::path path) : path_(std::move(path)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

 private:
  const std::filesystem::path path_;
};

}  // namespace

void EventClips::take(ClipWish wish) {
  const auto [before, after] = ports_.rolls();
  const auto at = event::header_of(wish.event).at;
  const auto behind = std::min<std::chrono::milliseconds>(after, most_after);
  Waiting waiting{std::move(wish), at - std::min<std::chrono::milliseconds>(before, most_before), at + behind,
                  clock_.now() + behind + until_written};
  if (waiting_.size() >= most_waiting)
    return give_up(waiting, Error(ErrorCode::unavailable, "too many wait for theirs"));
  waiting_.push_back(std::move(waiting));
}

void EventClips::turn(const std::stop_token& stop) {
  const auto now = clock_.now();
  const auto due =
      std::find_if(waiting_.begin(), waiting_.end(), [now](const Waiting& one) { return one.due <= now; });
  if (due == waiting_.end()) return;
  auto waiting = std::move(*due);
  waiting_.erase(due);
  const telemetry::ContextScope scope(context_of(waiting.wish.event));
  const auto begun = clock_.now();
  auto clip = film(waiting, stop);
  log_.performance("clip", clock_.now() - begun, clip.ok());
  if (clip) return hand_over(waiting, std::move(*clip));
  if (stop.stop_requested()) return;
  if (clip.error().code() != ErrorCode::not_found || ++waiting.attempts >= most_attempts)
    return give_up(waiting, clip.error());
  waiting.due = now + second_look;
  waiting_.push_back(std::move(waiting));
}

// What is too large is cut at its end: what led to the event stays.
Result<store::JpegBytes> EventClips::film(const Waiting& waiting, const std::stop_token& stop) const {
  std::error_code failed;
  std::filesystem::create_directories(folder_, failed);
  if (const auto space = std::filesystem::space(folder_, failed); failed || space.available < stays_free)
    return Error(ErrorCode::resource, "there is no room for it");
  const auto& id = event::header_of(waiting.wish.event).id;
  const auto path = folder_ / ("message-" + id.text() + ".mp4");
  const Scratch scratch(path);
  auto to = waiting.to;
  for (int cut = 0; cut <= most_cuts; ++cut) {
    if (auto status = ports_.make(event::camera_of(waiting.wish.event), waiting.from, to, path, stop);
        !status)
      return std::move(status).error();
    const auto bytes = std::filesystem::file_size(path, failed);
    if (failed) return Error(ErrorCode::io, "read '" + path.string() + "': " + failed.message());
    if (bytes <= most_bytes) {
      auto text = read_whole_file(path, most_bytes);
      if (!text) return std::move(text).error();
      return store::JpegBytes(std::make_shared<std::vector<std::uint8_t>>(text->begin(), text->end()));
    }
    const auto share = 0.9 * static_cast<double>(most_bytes) / static_cast<double>(bytes);
    to = waiting.from + std::chrono::duration_cast<WallTime::duration>((to - waiting.from) * share);
  }
  return Error(ErrorCode::resource, "it is larger than 8 MiB, however short");
}

void EventClips::hand_over(const Waiting& waiting, store::JpegBytes clip) {
  AmendEvent amended{event::header_of(waiting.wish.event).id, nullptr, {}, std::move(clip)};
  amended.request_id = event::request_of(event::header_of(waiting.wish.event));
  for (const auto& route : waiting.wish.routes)
    amended.rows.push_back(notify::clip_update_of(waiting.wish.event, route, clock_.wall()));
  if (!ports_.store(std::move(amended)))
    give_up(waiting, Error(ErrorCode::unavailable, "the store lane's queue is full"));
}

void EventClips::give_up(const Waiting& waiting, const Error& why) const {
  const auto& header = event::header_of(waiting.wish.event);
  log_.with(header.trace, &header.id)
      .warning("an event's clip could not be made, nobody is sent one",
               {{"camera_id", std::string(event::camera_of(waiting.wish.event))}, {"fault", why.text()}});
}

}  // namespace porchlight::pipeline
