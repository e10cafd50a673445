// SPDX-License-Identifier: Apache-2.0
// Which faces of a frame are looked at, which boxes are one face, and which pictures are too poor.
#include <algorithm>

#include "camera_watch.hpp"
#include "porchlight/vision/refusal.hpp"

namespace porchlight::vision {
namespace {

constexpr float one_face = 0.4F;  // of the smaller box in the larger one: two boxes on one face

// The part of the smaller box that the other one covers.
float covered(const Box& a, const Box& b) {
  const auto width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const auto height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return width * height / std::max(1.0F, std::min(a.width * a.height, b.width * b.height));
}

bool seen_at(const Visit& visit, MonotonicTime now) {
  return visit.last_seen() == now;
}

}  // namespace

// Somebody who rings and is not found deserves the reason. Else far passers-by would be counted all day.
Result<std::vector<Face>> CameraWatch::detect(const media::Frame& frame, MonotonicTime now) {
  auto faces = desk_.engine.detect_any(frame);
  if (!faces) return faces;
  const auto min_size = desk_.engine.options().min_size;
  const auto small =
      std::erase_if(*faces, [&](const Face& face) { return refusal_of_size(face.box, min_size); });
  if (small > 0 && !rings_.empty()) {
    last_too_small_ = now;
    desk_.refusals.count(event::Refusal::too_small);
  }
  return faces;
}

// Another box on a face that has been found in this picture already.
bool CameraWatch::covers_seen(const Face& face, MonotonicTime now) const {
  return std::any_of(visits_.begin(), visits_.end(), [&](const Visit& visit) {
    return seen_at(visit, now) && covered(visit.box(), face.box) > one_face;
  });
}

void CameraWatch::note_neighbours(MonotonicTime now) {
  for (auto& one : visits_) {
    for (auto& other : visits_) {
      if (&one == &other || !seen_at(one, now) || !seen_at(other, now)) continue;
      if (covered(one.box(), other.box()) == 0) one.stands_beside(other.number());
    }
  }
}

// A poor shot is better than none when time runs out. It remains the reason why nobody was recognised.
bool CameraWatch::refuse(Visit& visit, const Chip& chip, const media::FramePtr& frame, MonotonicTime now) {
  const auto min_size = desk_.engine.options().min_size;
  auto refused = refusal_of(chip, visit.box(), min_size, good_shot);
  if (!refused) return false;
  visit.refuse(refused->reason, chip, frame);
  const bool late = now - visit.first_seen() > desk_.options.decide_within / 2 || !rings_.empty();
  if (late && visit.shots() == 0) refused = refusal_of(chip, visit.box(), min_size, usable_shot);
  if (refused) desk_.refusals.count(refused->reason);
  return refused.has_value();
}

}  // namespace porchlight::vision
