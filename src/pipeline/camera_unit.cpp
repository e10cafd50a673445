// SPDX-License-Identifier: Apache-2.0
#include "pipeline/camera_unit.hpp"

#include <algorithm>
#include <utility>

namespace porchlight::pipeline {
namespace {

// What the recorder is to know of an ingest, in the order in which it happens there.
void record_from(camera::Ingest::Outputs& outputs, record::Recorder& recorder) {
  auto* queue = &recorder.queue();
  outputs.packet = [queue, decode = std::move(outputs.packet)](const media::PacketPtr& packet) {
    if (decode) decode(packet);
    queue->push(packet);
  };
  outputs.gone = [queue](event::GapCause cause, MonotonicTime at) {
    queue->push(record::CameraGone{cause, at});
  };
  outputs.lost = [queue](std::uint64_t pictures, MonotonicTime at) {
    queue->push(record::PicturesLost{pictures, at});
  };
}

// The recorder first: who watches comes last.
void show_from(camera::Ingest::Outputs& outputs, live::Feed& feed) {
  outputs.packet = [&feed, others = std::move(outputs.packet)](const media::PacketPtr& packet) {
    if (others) others(packet);
    feed.push(packet);
  };
}

camera::Ingest::Outputs outputs_of(camera::PacketQueue& packets, Dispatcher& dispatcher,
                                   record::Recorder* recorder, live::Feed& feed) {
  camera::Ingest::Outputs outputs;
  outputs.packet = [&packets](const media::PacketPtr& packet) {
    if (packet->stream->kind == media::MediaKind::video) packets.push(packet);
  };
  outputs.event = [&dispatcher](event::Event event) { dispatcher.offer({std::move(event), nullptr}); };
  if (recorder != nullptr) record_from(outputs, *recorder);
  show_from(outputs, feed);
  return outputs;
}

std::unique_ptr<camera::Ingest> main_ingest_of(const camera::CameraOptions& options, Clock& clock,
                                               telemetry::Metrics& metrics, record::Recorder* recorder,
                                               live::Feed* feed) {
  if (feed == nullptr) return nullptr;
  camera::Ingest::Outputs outputs;
  record_from(outputs, *recorder);
  show_from(outputs, *feed);
  return std::make_unique<camera::Ingest>(options, camera::ReconnectOptions{}, metrics, clock,
                                          std::move(outputs), camera::Ingest::Role::beside);
}

std::shared_ptr<live::Feed> feed_of(const camera::CameraOptions& options, live::Quality quality,
                                    live::Lane& live) {
  return std::make_shared<live::Feed>(options.id, quality, options.audio, live.wakeup());
}

telemetry::Counter restarts_of(const std::string& camera_id, telemetry::Metrics& metrics) {
  return metrics.counter("ffmpeg_process_restarts_total", {{"camera_id", camera_id}});
}

}  // namespace

Result<std::shared_ptr<CameraUnit>> CameraUnit::create(const camera::CameraOptions& options, Clock& clock,
                                                       telemetry::Metrics& metrics, Dispatcher& dispatcher,
                                                       Wakeup& vision, live::Lane& live,
                                                       std::shared_ptr<record::Recorder> recorder) {
  auto packets = camera::PacketQueue::create(options.id, metrics);
  if (!packets) return std::move(packets).error();
  return std::shared_ptr<CameraUnit>(new CameraUnit(options, clock, metrics, dispatcher, vision, live,
                                                    std::move(*packets), std::move(recorder)));
}

CameraUnit::CameraUnit(const camera::CameraOptions& options, Clock& clock, telemetry::Metrics& metrics,
                       Dispatcher& dispatcher, Wakeup& vision, live::Lane& live,
                       std::unique_ptr<camera::PacketQueue> packets,
                       std::shared_ptr<record::Recorder> recorder)
    : view_(std::make_shared<CameraView>(options.id, vision, std::move(recorder))),
      packets_(std::move(packets)),
      feed_(feed_of(options, options.detect ? live::Quality::sub : live::Quality::main, live)),
      main_feed_(view_->recorder && options.detect ? feed_of(options, live::Quality::main, live) : nullptr),
      ingest_(options, {}, metrics, clock,
              outputs_of(*packets_, dispatcher, options.detect ? nullptr : view_->recorder.get(), *feed_)),
      main_ingest_(main_ingest_of(options, clock, metrics, view_->recorder.get(), main_feed_.get())),
      motion_(options, clock, metrics, *view_,
              [&dispatcher](event::Motion motion, media::FramePtr picture) {
                dispatcher.offer({std::move(motion), std::move(picture)});
              }),
      decode_(*packets_, ingest_, {&view_->for_ring, &view_->for_viewers, &view_->for_pictures}, metrics, 1,
              motion_.onlooker()),
      ingest_meter_(clock, restarts_of(options.id, metrics)),
      decode_meter_(clock, restarts_of(options.id, metrics)),
      drops_(metrics, options.id) {}

void CameraUnit::run_ingest(std::stop_token stop, Heartbeat& heartbeat) {
  drops_.begin();
  const WorkMeter::Run counted(ingest_meter_);
  ingest_.run(std::move(stop), heartbeat);
}

void CameraUnit::run_decode(std::stop_token stop, Heartbeat& heartbeat) {
  const WorkMeter::Run counted(decode_meter_);
  decode_.run(std::move(stop), heartbeat);
}

void CameraUnit::run_main_ingest(std::stop_token stop, Heartbeat& heartbeat) {
  main_ingest_->run(std::move(stop), heartbeat);
}

void CameraUnit::run_recorder(std::stop_token stop, Heartbeat& heartbeat) {
  view_->recorder->run(std::move(stop), heartbeat);
}

live::Sources CameraUnit::sources_of(const std::shared_ptr<CameraUnit>& unit) {
  const auto state_of = [weak = std::weak_ptr(unit)](auto ingest_of) {
    return [weak, ingest_of]() -> std::string_view {
      const auto self = weak.lock();
      return to_string(self ? ingest_of(*self).state() : camera::ConnectionState::disabled);
    };
  };
  live::Sources sources{{unit->feed_, state_of([](CameraUnit& self) -> auto& { return self.ingest_; })}};
  if (unit->main_feed_)
    sources.push_back(
        {unit->main_feed_, state_of([](CameraUnit& self) -> auto& { return *self.main_ingest_; })});
  return sources;
}

void CameraUnit::retire() {
  ingest_.retire();
  drops_.show(false);
  if (view_->recorder) view_->recorder->retire();
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
