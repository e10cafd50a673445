// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/decode_lane.hpp"

#include <utility>

namespace porchlight::camera {
namespace {

constexpr std::chrono::milliseconds beat_interval{100};

telemetry::Labels camera_label(const Ingest& ingest) {
  return {{"camera_id", ingest.options().id}};
}

}  // namespace

DecodeLane::DecodeLane(PacketQueue& packets, Ingest& ingest, std::vector<FrameBox*> boxes,
                       telemetry::Metrics& metrics, int threads)
    : packets_(packets),
      ingest_(ingest),
      boxes_(std::move(boxes)),
      threads_(threads),
      log_("doorbell.camera", telemetry::Component::recording),
      dropped_(metrics.counter("camera_frames_dropped_total", camera_label(ingest))),
      decode_errors_(metrics.counter(
          "errors_total", {{"component", "ingest"}, {"error_type", "decode"}, {"severity", "warning"}})),
      capture_(metrics.histogram("pipeline_processing_duration_seconds", {{"stage", "frame_capture"}})) {}

void DecodeLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  const std::stop_callback wake(stop, [this] { packets_.wakeup().notify(); });
  while (!stop.stop_requested()) {
    heartbeat.beat();
    packets_.wakeup().wait_for(beat_interval,
                               [this, &stop] { return stop.stop_requested() || !packets_.empty(); });
    while (!stop.stop_requested()) {
      auto packet = packets_.pop();
      if (!packet) break;
      heartbeat.beat();
      decode(*packet);
    }
  }
}

void DecodeLane::decode(const media::PacketPtr& packet) {
  if (!follow(packet)) {
    dropped_.increment();
    return;
  }
  const auto status = decoder_->decode(*packet, [this](media::FramePtr frame) { deliver(std::move(frame)); });
  next_number_ = decoder_->next_number();
  report();
  if (status.ok()) return;
  log_.error("decoder broke, opening a new one",
             {{"camera_id", ingest_.options().id}, {"cause", status.error().text()}});
  decoder_.reset();
  stream_.reset();
}

// Makes the decoder fit the packet's stream. False when there is none for it.
bool DecodeLane::follow(const media::PacketPtr& packet) {
  if (packet->stream == stream_) return !refused_;
  stream_ = packet->stream;
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
  ingest_.note_decoded(frame->arrived);
  capture_.observe(std::chrono::duration<double>(frame->decoded - frame->arrived).count());
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
