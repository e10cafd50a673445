// SPDX-License-Identifier: Apache-2.0
#include "pipeline/picture_desk.hpp"

#include <utility>

namespace porchlight::pipeline {
namespace {

// As for a ring: of a camera that was lost a while ago there is no picture of now.
constexpr std::chrono::seconds stale_after{5};

}  // namespace

void PictureDesk::take_cameras() {
  auto table = new_cameras_.take();
  if (!table) return;
  cameras_ = std::move(*table);
  cache_.evicted(
      std::erase_if(newest_, [this](const auto& entry) { return !cameras_->contains(entry.first); }));
  measure();
}

void PictureDesk::forget(const std::string& camera_id) {
  cache_.evicted(newest_.erase(camera_id));
  measure();
}

void PictureDesk::measure() {
  std::size_t bytes = 0;
  for (const auto& [camera, picture] : newest_) bytes += picture.bytes->size();
  cache_.holds(bytes);
}

bool PictureDesk::is_fresh(const std::string& camera_id) const {
  const auto newest = newest_.find(camera_id);
  return newest != newest_.end() && clock_.now() - newest->second.arrived <= stale_after;
}

Result<live::Jpeg> PictureDesk::jpeg(const std::string& camera_id) {
  take_cameras();
  const auto view = cameras_->find(camera_id);
  if (view == cameras_->end()) return Error(ErrorCode::not_found, "there is no camera '" + camera_id + "'");
  if (const auto frame = ((*view->second).*box_).take()) {
    cache_.miss();
    auto made = encode(**frame);
    if (!made) return std::move(made).error().context("picture of camera '" + camera_id + "'");
    newest_[camera_id] = std::move(*made);
    measure();
  } else {
    is_fresh(camera_id) ? cache_.hit() : cache_.miss();
  }
  if (is_fresh(camera_id)) return newest_.at(camera_id);
  forget(camera_id);
  return Error(ErrorCode::unavailable, "camera '" + camera_id + "' shows no picture at this moment");
}

Result<CameraPicture> PictureDesk::picture(const std::string& camera_id) {
  auto made = jpeg(camera_id);
  if (!made) return std::move(made).error();
  return CameraPicture{std::move(made->bytes), made->taken};
}

void PictureDesk::set_watched(const std::string& camera_id, bool watched) {
  take_cameras();
  if (const auto view = cameras_->find(camera_id); view != cameras_->end())
    view->second->watched.store(watched, std::memory_order_relaxed);
}

Result<live::Jpeg> PictureDesk::encode(const media::Frame& frame) {
  if (!encoder_) {
    auto encoder = media::JpegEncoder::create();
    if (!encoder) return std::move(encoder).error();
    encoder_.emplace(std::move(*encoder));
  }
  auto bytes = encoder_->encode(frame);
  if (!bytes) return std::move(bytes).error();
  const auto age = std::chrono::duration_cast<WallTime::duration>(clock_.now() - frame.arrived);
  return live::Jpeg{std::make_shared<const std::vector<std::uint8_t>>(std::move(*bytes)), clock_.wall() - age,
                    frame.arrived};
}

}  // namespace porchlight::pipeline
