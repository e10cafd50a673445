// SPDX-License-Identifier: Apache-2.0
#include "camera_rig.hpp"

#include <utility>

#include "rtsp_server/picture_stamp.hpp"

extern "C" {
#include <libavutil/frame.h>
}

namespace porchlight::test {

using namespace std::chrono_literals;

bool eventually(const std::function<bool()>& condition, std::chrono::seconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

camera::CameraOptions rtsp_camera(const std::string& id, const std::string& url) {
  camera::CameraOptions options;
  options.id = options.name = id;
  options.url = url;
  options.stall = 20s;  // no busy machine is silent for so long
  return options;
}

camera::CameraOptions impatient(camera::CameraOptions options) {
  options.stall = 2s;
  return options;
}

telemetry::ClosedSets sets_of(const std::vector<std::string>& camera_ids) {
  telemetry::ClosedSets sets;
  sets.camera_ids = camera_ids;
  return sets;
}

CameraRig::CameraRig(camera::CameraOptions options, telemetry::Metrics& metrics)
    : metrics_(metrics), id_(options.id), frame_wakeup_(Wakeup::create().value()), box_(&frame_wakeup_) {
  packets_ = camera::PacketQueue::create(id_, metrics).value();
  camera::Ingest::Outputs outputs;
  outputs.packet = [this](const media::PacketPtr& packet) {
    if (packet->stream->kind == media::MediaKind::video) {
      packets_->push(packet);
      return;
    }
    const std::lock_guard lock(mutex_);
    sound_.push_back(packet);
  };
  outputs.event = [this](event::Event event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  };
  camera::ReconnectOptions reconnect;
  reconnect.least = 50ms;
  reconnect.most = 200ms;
  reconnect.stable = 1s;
  ingest_ =
      std::make_unique<camera::Ingest>(std::move(options), reconnect, metrics, clock_, std::move(outputs));
  lane_ = std::make_unique<camera::DecodeLane>(*packets_, *ingest_,
                                               std::vector<camera::DecodeLane::FrameBox*>{&box_}, metrics);
  watcher_ = std::jthread([this](std::stop_token stop) { watch(stop); });
  decode_worker_ = std::make_unique<Worker>(
      "decode-" + id_, clock_, [this](std::stop_token stop, Heartbeat& beat) { lane_->run(stop, beat); });
  ingest_worker_ = std::make_unique<Worker>(
      "ingest-" + id_, clock_, [this](std::stop_token stop, Heartbeat& beat) { ingest_->run(stop, beat); });
}

CameraRig::~CameraRig() {
  stop();
}

void CameraRig::stop() {
  ingest_worker_.reset();
  decode_worker_.reset();
  if (watcher_.joinable()) {
    watcher_.request_stop();
    watcher_.join();
  }
}

void CameraRig::watch(std::stop_token stop) {
  while (!stop.stop_requested()) {
    frame_wakeup_.wait_for(50ms, [this] { return box_.has_fresh(); });
    const auto frame = box_.take();
    if (!frame) continue;
    const AVFrame& picture = *(*frame)->picture;
    const auto stamp = picture_stamp::read(picture.data[0], static_cast<std::size_t>(picture.linesize[0]));
    const std::lock_guard lock(mutex_);
    frames_.push_back({(*frame)->number, stamp.number, stamp.clock_ms});
  }
}

std::vector<CameraRig::Seen> CameraRig::frames() const {
  const std::lock_guard lock(mutex_);
  return frames_;
}

std::vector<media::PacketPtr> CameraRig::sound() const {
  const std::lock_guard lock(mutex_);
  return sound_;
}

std::vector<event::Event> CameraRig::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

double CameraRig::gauge(const std::string& name) const {
  return metrics_.gauge(name, {{"camera_id", id_}}).value();
}
double CameraRig::counter(const std::string& name) const {
  return metrics_.counter(name, {{"camera_id", id_}}).value();
}
double CameraRig::reconnects(const std::string& reason) const {
  return metrics_.counter("camera_reconnects_total", {{"camera_id", id_}, {"reason", reason}}).value();
}
double CameraRig::state_gauge(const std::string& state) const {
  return metrics_.gauge("camera_connection_state", {{"camera_id", id_}, {"status", state}}).value();
}

}  // namespace porchlight::test
