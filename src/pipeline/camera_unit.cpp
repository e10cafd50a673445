// SPDX-License-Identifier: Apache-2.0
#include "pipeline/camera_unit.hpp"

#include <utility>

namespace porchlight::pipeline {

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
              {[queue = packets_.get()](const media::PacketPtr& packet) { queue->push(packet); },
               [&dispatcher](event::Event event) {
                 dispatcher.offer({std::move(event), nullptr});
               }}),
      decode_(*packets_, ingest_, {&view_->for_ring, &view_->for_vision, &view_->for_viewers}, metrics) {}

}  // namespace porchlight::pipeline
