// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/decode_lane.hpp"

#include <algorithm>
#include <utility>

namespace porchlight::camera {
namespace {

constexpr std::chrono::milliseconds beat_interval{100};
constexpr std::chrono::milliseconds resting_beat{250};
// A picture at least so often, also at rest: a visitor shall not be over before one is seen.
constexpr std::chrono::seconds longest_rest{4};
// And not more often: a stream of keyframes only (MJPEG) rests, too.
constexpr std::chrono::milliseconds rest_pace{900};
// Where nobody compares them: no picture is older than this when the next one comes. A snapshot may be 5 s
// old.
constexpr std::chrono::milliseconds oldest{4500};

telemetry::Labels camera_label(const Ingest& ingest) {
  return {{"camera_id", ingest.options().id}};
}

}  // namespace

DecodeLane::DecodeLane(PacketQueue& packets, Ingest& ingest, std::vector<FrameBox*> boxes,
                       telemetry::Metrics& metrics, int threads, std::optional<Onlooker> onlooker)
    : packets_(packets),
      ingest_(ingest),
      boxes_(std::move(boxes)),
      threads_(threads),
      onlooker_(std::move(onlooker)),
      longest_gap_(std::min<std::chrono::nanoseconds>(longest_rest, ingest.options().stall / 2)),
      log_("doorbell.camera", telemetry::Component::recording),
      dropped_(metrics.counter("camera_frames_dropped_total", camera_label(ingest))),
      decode_errors_(metrics.counter(
          "errors_total", {{"component", "ingest"}, {"error_type", "decode"}, {"severity", "warning"}})),
      capture_(metrics.histogram("pipeline_processing_duration_seconds", {{"stage", "frame_capture"}})) {}

void DecodeLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  const std::stop_callback wake(stop, [this] { packets_.wakeup().notify(); });
  while (!stop.stop_requested()) {
    heartbeat.beat();
    packets_.set_patient(resting_);
    packets_.wakeup().wait_for(resting_ ? resting_beat : beat_interval,
                               [this, &stop] { return stop.stop_requested() || !packets_.empty(); });
    if (onlooker_ && packets_.empty()) onlooker_->idle();
    while (!stop.stop_requested()) {
      auto packet = packets_.pop();
      if (!packet) break;
      heartbeat.beat();
      take(*packet, {stop, heartbeat});
    }
  }
  if (onlooker_) onlooker_->finish();
}

void DecodeLane::take(const media::PacketPtr& packet, const Turn& turn) {
  if (!follow(packet)) {
    dropped_.increment();
    return;
  }
  if (resting_ && passes_over(packet, turn)) return;
  if (!have_decoder(packet)) return;  // it broke over what was passed over, or was closed
  if (!packet->keyframe) return decode(packet);
  const bool rests = may_rest(*packet);
  last_keyframe_ = packet->arrived;
  if (rests)
    rest_at(packet, turn);
  else
    decode(packet);
}

// Keyframes have come often enough so far, and nobody wants more.
bool DecodeLane::may_rest(const media::Packet& keyframe) const {
  if (!onlooker_ || longest_gap_ < 2 * rest_pace || onlooker_->wants_all()) return false;
  return resting_ || (last_keyframe_ && keyframe.arrived - *last_keyframe_ <= longest_gap_);
}

// At rest. False: the packet is to be decoded.
bool DecodeLane::passes_over(const media::PacketPtr& packet, const Turn& turn) {
  if (onlooker_->wants_all() || is_overdue(packet->arrived)) {
    catch_up(kept_.newest(), turn);
    return false;
  }
  if (packet->keyframe && is_due(*packet)) return false;
  if (packet->keyframe) seen_keyframe_ = packet->arrived;
  // Compared, a keyframe brings back what led to it; else only what comes after the newest is of use.
  if (packet->keyframe && !compares()) {
    kept_.clear();
    kept_.begin(packet);
  } else {
    kept_.add(packet);
  }
  ingest_.note_passed_over();
  return true;
}

bool DecodeLane::is_overdue(MonotonicTime at) const {
  return at - (compares() ? *last_keyframe_ : seen_keyframe_) > longest_gap_;
}

// Whoever does not compare is content with the last keyframe that does not let the picture grow too old
// before the next one comes; unless the decoder has trouble with the stream, and was left open for that.
bool DecodeLane::is_due(const media::Packet& keyframe) const {
  const auto since = keyframe.arrived - *last_keyframe_;
  if (compares() || decoder_) return since >= rest_pace;
  return since + (keyframe.arrived - seen_keyframe_) >
         std::min<std::chrono::nanoseconds>(oldest, longest_gap_ + rest_pace);
}

// The keyframe by itself: flushing brings it out at once even where pictures come in another order than
// coded.
void DecodeLane::rest_at(const media::PacketPtr& keyframe, const Turn& turn) {
  resting_ = true;
  seen_keyframe_ = keyframe->arrived;
  if (!compares()) kept_.clear();
  kept_.begin(keyframe);
  decode(keyframe);
  if (!decoder_) return;
  static_cast<void>(decoder_->flush([this](media::FramePtr frame) { deliver(std::move(frame)); }));
  next_number_ = decoder_->next_number();
  if (onlooker_->wants_all()) return catch_up(kept_.newest_two(), turn);
  // One that takes exception to the stream becomes content with it in time, and must not forget that.
  if (!compares() && decoder_->errors() == 0) decoder_.reset();
}

void DecodeLane::catch_up(const std::vector<media::PacketPtr>& passed_over, const Turn& turn) {
  resting_ = false;
  kept_.clear();
  if (decoder_) decoder_->reset();
  catching_up_ = true;
  for (const auto& packet : passed_over) {
    if (turn.stop.stop_requested()) break;
    turn.heartbeat.beat();
    if (have_decoder(packet)) decode(packet);
  }
  catching_up_ = false;
}

void DecodeLane::decode(const media::PacketPtr& packet) {
  const auto status = decoder_->decode(*packet, [this](media::FramePtr frame) { deliver(std::move(frame)); });
  next_number_ = decoder_->next_number();
  report();
  if (status.ok()) return;
  log_.error("decoder broke, opening a new one",
             {{"camera_id", ingest_.options().id}, {"cause", status.error().text()}});
  decoder_.reset();
  stream_.reset();
}

// From the packet's stream on, which may be another one. False when there is no decoder for it.
bool DecodeLane::follow(const media::PacketPtr& packet) {
  if (packet->stream == stream_) return !refused_;
  stream_ = packet->stream;
  resting_ = false;
  kept_.clear();
  if (onlooker_) onlooker_->restart();
  return open();
}

bool DecodeLane::have_decoder(const media::PacketPtr& packet) {
  return follow(packet) && (decoder_ || open());
}

bool DecodeLane::open() {
  lost_seen_ = errors_seen_ = 0;
  auto decoder = media::Decoder::create(*stream_, threads_, next_number_, pictures_);
  refused_ = !decoder.ok();
  if (refused_) {
    decoder_.reset();
    log_.error("camera's pictures cannot be decoded",
               {{"camera_id", ingest_.options().id}, {"cause", decoder.error().text()}});
    return false;
  }
  decoder_.emplace(std::move(decoder).value());
  return true;
}

void DecodeLane::deliver(media::FramePtr frame) {
  if (onlooker_) onlooker_->look(frame);
  if (catching_up_ && frame->arrived <= posted_) return;
  posted_ = frame->arrived;
  // What was passed over has been counted then.
  if (!catching_up_) {
    ingest_.note_decoded(frame->arrived);
    capture_.observe(std::chrono::duration<double>(frame->decoded - frame->arrived).count());
  }
  for (FrameBox* box : boxes_) box->post(frame);
}

void DecodeLane::report() {
  if (const auto lost = decoder_->lost(); lost != lost_seen_)
    dropped_.increment(static_cast<double>(lost - std::exchange(lost_seen_, lost)));
  if (const double fps = decoder_->announced_fps(); stream_->fps <= 0 && fps > 0)
    ingest_.note_announced_fps(fps);
  if (const auto errors = decoder_->errors(); errors != errors_seen_)
    decode_errors_.increment(static_cast<double>(errors - std::exchange(errors_seen_, errors)));
}

}  // namespace porchlight::camera
