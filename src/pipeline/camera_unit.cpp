// SPDX-License-Identifier: Apache-2.0
#include "pipeline/camera_unit.hpp"

#include <algorithm>
#include <utility>

namespace porchlight::pipeline {
namespace {

telemetry::Counter restarts_of(const std::string& camera_id, telemetry::Metrics& metrics) {
  return metrics.counter("ffmpeg_process_restarts_total", {{"camera_id", camera_id}});
}

}  // namespace

Result<std::shared_ptr<CameraUnit>> CameraUnit::create(const camera::CameraOptions& options, Clock& clock,
                                                       telemetry::Metrics& metrics, Dispatcher& dispatcher,
                                                       Wakeup& vision) {
  auto packets = camera::PacketQueue::create(options.id, metrics);
  if (!packets) return std::move(packets).error();
  return std::shared_ptr<CameraUnit>(
      new CameraUnit(options, clock, metrics, dispatcher, vision, std::move(*packets)));
}

CameraUnit::CameraUnit(const camera::CameraOptions& options, Clock& clock, telemetry::Metrics& metrics,
                       Dispatcher& dispatcher, Wakeup& vision, std::unique_ptr<camera::PacketQueue> packets)
    : view_(std::make_shared<CameraView>(options.id, vision)),
      packets_(std::move(packets)),
      ingest_(options, {}, metrics, clock,
              {[queue = packets_.get()](const media::PacketPtr& packet) {
                 if (packet->stream->kind == media::MediaKind::video) queue->push(packet);
               },
               [&dispatcher](event::Event event) {
                 dispatcher.offer({std::move(event), nullptr});
               }}),
      motion_(options, clock, metrics, *view_,
              [&dispatcher](event::Motion motion, media::FramePtr picture) {
                dispatcher.offer({std::move(motion), std::move(picture)});
              }),
      decode_(*packets_, ingest_, {&view_->for_ring, &view_->for_viewers}, metrics, 1, motion_.onlooker()),
      ingest_meter_(clock, restarts_of(options.id, metrics)),
      decode_meter_(clock, restarts_of(options.id, metrics)) {}

void CameraUnit::run_ingest(std::stop_token stop, Heartbeat& heartbeat) {
  const WorkMeter::Run counted(ingest_meter_);
  ingest_.run(std::move(stop), heartbeat);
}

void CameraUnit::run_decode(std::stop_token stop, Heartbeat& heartbeat) {
  const WorkMeter::Run counted(decode_meter_);
  decode_.run(std::move(stop), heartbeat);
}

host::WorkerFigures CameraUnit::figures(MonotonicTime now) const {
  host::WorkerFigures figures;
  figures.camera_id = id();
  figures.cpu = ingest_meter_.cpu() + decode_meter_.cpu();
  figures.memory_bytes = packets_->bytes() + decode_.kept_bytes() + decode_.picture_bytes();
  figures.program = ingest_.child();
  const auto ingest = ingest_meter_.running_since();
  const auto decode = decode_meter_.running_since();
  if (ingest && decode) figures.uptime = now - std::min(now, std::max(*ingest, *decode));
  return figures;
}

}  // namespace porchlight::pipeline
