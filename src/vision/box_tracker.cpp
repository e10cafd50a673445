// SPDX-License-Identifier: Apache-2.0
#include "box_tracker.hpp"

#include <dlib/image_transforms.h>
// behind what it uses
#include <dlib/image_processing/correlation_tracker.h>
#include <dlib/opencv.h>

#include "engine_parts.hpp"

namespace porchlight::vision {
namespace {

// Peak to side-lobe ratio: above 7 is a sure track by its authors' experience (Danelljan et al. 2014).
constexpr double believable = 5;

dlib::drectangle rectangle_of(const Box& box) {
  return {box.x, box.y, box.x + box.width, box.y + box.height};
}

Box box_of(const dlib::drectangle& rect) {
  return {static_cast<float>(rect.left()), static_cast<float>(rect.top()), static_cast<float>(rect.width()),
          static_cast<float>(rect.height())};
}

}  // namespace

struct BoxTracker::Filter {
  dlib::correlation_tracker tracker;
};

BoxTracker::BoxTracker() = default;
BoxTracker::BoxTracker(BoxTracker&&) noexcept = default;
BoxTracker& BoxTracker::operator=(BoxTracker&&) noexcept = default;
BoxTracker::~BoxTracker() = default;

void BoxTracker::start(const media::Image& grey, const Box& box) {
  if (!filter_) filter_ = std::make_unique<Filter>();
  filter_->tracker.start_track(dlib::cv_image<unsigned char>(view(grey)), rectangle_of(box));
}

std::optional<Box> BoxTracker::update(const media::Image& grey) {
  if (!filter_) return std::nullopt;
  const auto strength = filter_->tracker.update(dlib::cv_image<unsigned char>(view(grey)));
  if (strength < believable) return std::nullopt;
  return box_of(filter_->tracker.get_position());
}

}  // namespace porchlight::vision
