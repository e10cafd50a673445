// SPDX-License-Identifier: Apache-2.0
#include "visit.hpp"

#include <algorithm>

namespace porchlight::vision {
namespace {

constexpr std::size_t most_shots = 5;
constexpr std::size_t shots_for_stranger = 3;
// One shot names a person only when it lies this much inside the threshold; several may touch it.
constexpr double single_shot_margin = 0.08;
// dlib's customary bound. Looser than the gallery's threshold: within seconds and before one camera a
// second person is rarer than a bad shot.
constexpr float same_visit = 0.60F;
constexpr int shots_that_contradict = 2;
constexpr float clear_shot = 0.2F;  // a blurred face resembles nobody

}  // namespace

Visit::Visit(std::uint64_t number, const Face& face, MonotonicTime now)
    : number_(number), box_(face.box), first_seen_(now), last_seen_(now), best_box_(face.box) {}

void Visit::seen(const Face& face, MonotonicTime now) {
  box_ = face.box;
  last_seen_ = now;
  ++detections_;
}

void Visit::continue_as(Visit&& other) {
  box_ = other.box_;
  last_seen_ = other.last_seen_;
  tried_ = other.tried_;
  detections_ += other.detections_;
  tracker_ = std::move(other.tracker_);
}

bool Visit::add_shot(const Embedding& embedding, const Chip& chip, const media::FramePtr& frame,
                     MonotonicTime now) {
  tried_ = now;
  if (!shots_.empty() && !resembles(embedding)) {
    if (chip.quality >= clear_shot) ++strange_shots_;
    return strange_shots_ < shots_that_contradict;
  }
  strange_shots_ = 0;
  keep({embedding, chip.quality});
  if (chip.quality > best_quality_ || best_frame_ == nullptr) {
    best_quality_ = chip.quality;
    best_frame_ = frame;
    best_box_ = box_;
  }
  return true;
}

void Visit::keep(const Evidence& evidence) {
  shots_.push_back(evidence);
  if (shots_.size() <= most_shots) return;
  const auto worst = std::min_element(shots_.begin(), shots_.end(), [](const Evidence& a, const Evidence& b) {
    return a.quality < b.quality;
  });
  shots_.erase(worst);
}

Embedding Visit::mean() const {
  EmbeddingMean mean;
  for (const auto& shot : shots_) mean.add(shot.embedding);
  return mean.mean();
}

void Visit::judge(const Gallery& gallery, float threshold) {
  if (!shots_.empty()) identity_ = identify(gallery, mean(), threshold);
}

bool Visit::resembles(const Embedding& embedding) const {
  return !shots_.empty() && distance(mean(), embedding) <= same_visit;
}

bool Visit::sure(float threshold) const {
  if (shots_.empty()) return false;
  if (identity_.verdict == event::Verdict::unknown_person) return shots_.size() >= shots_for_stranger;
  return shots_.size() >= 2 || identity_.distance <= threshold - single_shot_margin;
}

}  // namespace porchlight::vision
