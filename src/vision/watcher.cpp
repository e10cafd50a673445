// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/watcher.hpp"

#include <algorithm>
#include <iterator>

#include "camera_watch.hpp"

namespace porchlight::vision {

Watcher::Watcher(FaceEngine& engine, GalleryPtr gallery, const WatchOptions& options, const Clock& clock,
                 telemetry::Metrics& metrics)
    : desk_(new WatchDesk{engine, nullptr, options, clock, AnswerInstruments(metrics),
                          RefusalInstruments(metrics), metrics.gauge("known_faces_database_size")}) {
  set_gallery(std::move(gallery));
}

Watcher::~Watcher() = default;

CameraWatch& Watcher::watch(const std::string& camera) {
  auto& slot = cameras_[camera];
  if (!slot) slot = std::make_unique<CameraWatch>(camera, *desk_);
  return *slot;
}

Result<std::vector<Seen>> Watcher::on_frame(const std::string& camera, const media::FramePtr& frame) {
  return due(camera) == Due::not_yet ? follow(camera, frame) : search(camera, frame);
}

Result<std::vector<Seen>> Watcher::search(const std::string& camera, const media::FramePtr& frame) {
  return watch(camera).on_frame(frame, true);
}

Result<std::vector<Seen>> Watcher::follow(const std::string& camera, const media::FramePtr& frame) {
  return watch(camera).on_frame(frame, false);
}

Watcher::Due Watcher::due(const std::string& camera) const {
  const auto found = cameras_.find(camera);
  return found == cameras_.end() ? Due::at_rest : found->second->due();
}

std::vector<Seen> Watcher::tick() {
  std::vector<Seen> out;
  for (auto& [camera, watch] : cameras_) std::ranges::move(watch->tick(), std::back_inserter(out));
  return out;
}

std::vector<Seen> Watcher::expect_ring(const event::Ring& ring, MonotonicTime deadline) {
  return watch(ring.camera_id).expect_ring(ring, deadline);
}

void Watcher::set_gallery(GalleryPtr gallery) {
  desk_->gallery = gallery ? std::move(gallery) : std::make_shared<const Gallery>();
  desk_->calibration = calibrate(*desk_->gallery, desk_->engine.options());
  desk_->known_faces.set(static_cast<double>(desk_->gallery->size()));
  for (auto& [camera, watch] : cameras_) watch->gallery_changed();
}

const Calibration& Watcher::calibration() const noexcept {
  return desk_->calibration;
}

std::vector<Seen> Watcher::give_up() {
  std::vector<Seen> out;
  for (auto& [camera, watch] : cameras_) std::ranges::move(watch->give_up(), std::back_inserter(out));
  return out;
}

void Watcher::forget_camera(const std::string& camera) {
  cameras_.erase(camera);
}

bool Watcher::busy() const noexcept {
  return std::any_of(cameras_.begin(), cameras_.end(),
                     [](const auto& entry) { return entry.second->busy(); });
}

bool Watcher::busy(const std::string& camera) const noexcept {
  const auto found = cameras_.find(camera);
  return found != cameras_.end() && found->second->busy();
}

bool Watcher::ring_waits() const noexcept {
  return std::any_of(cameras_.begin(), cameras_.end(),
                     [](const auto& entry) { return entry.second->ring_waits(); });
}

bool Watcher::ring_waits(const std::string& camera) const noexcept {
  const auto found = cameras_.find(camera);
  return found != cameras_.end() && found->second->ring_waits();
}

event::TraceContext Watcher::ring_trace(const std::string& camera) const noexcept {
  const auto found = cameras_.find(camera);
  return found == cameras_.end() ? event::TraceContext{} : found->second->ring_trace();
}

}  // namespace porchlight::vision
