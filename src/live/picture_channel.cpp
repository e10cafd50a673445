// SPDX-License-Identifier: Apache-2.0
#include "live/picture_channel.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace porchlight::live {
namespace {

using namespace std::chrono_literals;
constexpr auto between_measurements = 5s;  // of one viewer

// The boundary comes behind each picture, because browsers show a picture when they see where it ends.
http::SharedFrame part_of(const Jpeg& picture) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(picture.taken.time_since_epoch());
  char head[160];
  const int length =
      std::snprintf(head, sizeof head,
                    "Content-Type: image/jpeg\r\nContent-Length: %zu\r\nX-Timestamp: %lld.%03lld\r\n\r\n",
                    picture.bytes->size(), static_cast<long long>(since.count() / 1000),
                    static_cast<long long>(since.count() % 1000));
  auto part = std::make_shared<std::string>(head, static_cast<std::size_t>(length));
  part->reserve(part->size() + picture.bytes->size() + 32);
  part->append(picture.bytes->begin(), picture.bytes->end());
  part->append("\r\n--").append(picture_boundary).append("\r\n");
  return part;
}

}  // namespace

PictureInstruments::PictureInstruments(telemetry::Metrics& metrics)
    : latency(metrics.histogram("stream_latency_seconds", {{"protocol", "mjpeg"}})),
      bytes(metrics.counter("stream_bytes_sent_total", {{"protocol", "mjpeg"}})) {}

PictureOutlet outlet_to(const http::Sink& sink) {
  return {[sink](const http::SharedFrame& part) { sink.send(part); }, [sink] { return sink.is_open(); },
          [sink] { return sink.waiting(); }, [sink] { sink.close(); }, [sink] { sink.drop(); }};
}

PictureChannel::PictureChannel(std::string camera, const PictureLimits& limits, const PicturePorts& ports,
                               const Clock& clock, PictureInstruments& instruments)
    : camera_(std::move(camera)), limits_(limits), ports_(ports), clock_(clock), instruments_(instruments) {}

PictureChannel::~PictureChannel() {
  ports_.watched(camera_, false);
}

void PictureChannel::add(std::shared_ptr<PictureViewer> viewer) {
  const auto now = clock_.now();
  const std::chrono::nanoseconds interval = std::chrono::nanoseconds(1s) / viewer->rate;
  watchers_.push_back({.viewer = std::move(viewer), .interval = interval, .due = now, .moved = now});
  next_ = now;
}

void PictureChannel::end_all() {
  for (const auto& watcher : watchers_) watcher.viewer->outlet.close();
  watchers_.clear();
}

// It has left, or has taken nothing of what waits for it for too long.
bool PictureChannel::is_lost(Watcher& watcher, MonotonicTime now) const {
  if (watcher.viewer->is_gone()) return true;
  const auto waiting = watcher.viewer->outlet.waiting();
  if (waiting == 0 || waiting < watcher.waiting) watcher.moved = now;
  watcher.waiting = waiting;
  if (now - watcher.moved < limits_.slow) return false;
  watcher.viewer->outlet.drop();
  return true;
}

std::chrono::nanoseconds PictureChannel::interval() const {
  return std::min_element(watchers_.begin(), watchers_.end(),
                          [](const auto& a, const auto& b) { return a.interval < b.interval; })
      ->interval;
}

MonotonicTime PictureChannel::turn() {
  const auto now = clock_.now();
  std::erase_if(watchers_, [&](auto& watcher) { return is_lost(watcher, now); });
  if (watchers_.empty()) return now;
  if (now < next_) return next_;
  show();
  if (watchers_.empty()) return now;
  // In step, unless a turn was missed.
  next_ = std::max(next_ + interval(), now);
  return next_;
}

void PictureChannel::show() {
  // Again each time: the camera may have been built anew in the meantime.
  ports_.watched(camera_, true);
  auto picture = ports_.picture(camera_);
  if (!picture) return note_fault(picture.error());
  last_fault_.clear();
  newest_ = std::move(*picture);
  send(*newest_, clock_.now());
}

// While a camera is lost its pictures stand still, and go on when it is back.
void PictureChannel::note_fault(const Error& error) {
  if (error.code() == ErrorCode::not_found) return end_all();
  if (error.code() == ErrorCode::unavailable || std::exchange(last_fault_, error.text()) == error.text())
    return;
  log_.error("no picture can be made", {{"camera_id", camera_}, {"cause", error.text()}});
}

void PictureChannel::send(const Jpeg& picture, MonotonicTime now) {
  http::SharedFrame part;
  for (auto& watcher : watchers_) {
    const auto& outlet = watcher.viewer->outlet;
    // Half an interval of its own early is in time: its rate is no divisor of the quickest viewer's.
    if (watcher.seen == picture.arrived || now + watcher.interval / 2 < watcher.due || outlet.waiting() > 0)
      continue;
    if (!part) part = part_of(picture);
    outlet.send(part);
    watcher.seen = picture.arrived;
    watcher.due = std::max(watcher.due + watcher.interval, now);
    instruments_.bytes.increment(static_cast<double>(part->size()));
    latency_s_ = std::chrono::duration<double>(now - picture.arrived).count();
    if (watcher.measured && now - *watcher.measured < between_measurements) continue;
    watcher.measured = now;
    instruments_.latency.observe(*latency_s_);
  }
}

}  // namespace porchlight::live
