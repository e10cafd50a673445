// SPDX-License-Identifier: Apache-2.0
#include "visit.hpp"

#include <algorithm>

#include "porchlight/vision/refusal.hpp"

namespace porchlight::vision {
namespace {

constexpr std::size_t most_shots = 5;
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
  for (const auto neighbour : other.beside_) stands_beside(neighbour);
}

void Visit::stands_beside(std::uint64_t neighbour) {
  if (std::find(beside_.begin(), beside_.end(), neighbour) == beside_.end()) beside_.push_back(neighbour);
}

bool Visit::stood_beside(const Visit& other) const {
  const auto knows = [](const Visit& a, const Visit& b) {
    return std::find(a.beside_.begin(), a.beside_.end(), b.number_) != a.beside_.end();
  };
  return knows(*this, other) || knows(other, *this);
}

bool Visit::add_shot(const Embedding& embedding, const Chip& chip, const media::FramePtr& frame,
                     MonotonicTime now) {
  tried_ = now;
  if (!shots_.empty() && !resembles(embedding)) {
    if (chip.quality >= clear_shot) ++strange_shots_;
    return strange_shots_ < shots_that_contradict;
  }
  strange_shots_ = 0;
  // The first that is compared takes the place of whatever picture was refused.
  if (shots_.empty()) best_frame_ = nullptr;
  keep({embedding, chip.quality});
  has_good_shot_ = has_good_shot_ || chip.quality >= good_shot;
  keep_picture(frame, chip.quality);
  return true;
}

void Visit::refuse(event::Refusal reason, const Chip& chip, const media::FramePtr& frame) {
  ++refusals_[static_cast<std::size_t>(reason)];
  if (shots_.empty()) keep_picture(frame, chip.quality);
}

std::optional<event::Refusal> Visit::refused() const {
  const auto most = std::max_element(refusals_.begin(), refusals_.end());
  if (has_good_shot_ || *most == 0) return std::nullopt;
  return static_cast<event::Refusal>(most - refusals_.begin());
}

void Visit::keep_picture(const media::FramePtr& frame, float quality) {
  if (best_frame_ != nullptr && quality <= best_quality_) return;
  best_quality_ = quality;
  best_frame_ = frame;
  best_box_ = box_;
}

void Visit::keep(const Evidence& evidence) {
  shots_.push_back(evidence);
  if (shots_.size() <= most_shots) return;
  const auto worst = std::min_element(shots_.begin(), shots_.end(), [](const Evidence& a, const Evidence& b) {
    return a.quality < b.quality;
  });
  const auto index = worst - shots_.begin();
  shots_.erase(worst);
  if (index < std::ssize(nearest_)) nearest_.erase(nearest_.begin() + index);
}

Embedding Visit::mean() const {
  EmbeddingMean mean;
  for (const auto& shot : shots_) mean.add(shot.embedding);
  return mean.mean();
}

void Visit::judge(const Gallery& gallery, float threshold) {
  if (shots_.empty()) return;
  while (nearest_.size() < shots_.size())
    nearest_.push_back(gallery.nearest(shots_[nearest_.size()].embedding));
  vote_ = Vote(identify(gallery, mean(), threshold), nearest_, threshold);
}

void Visit::judge_anew(const Gallery& gallery, float threshold) {
  nearest_.clear();
  judge(gallery, threshold);
}

bool Visit::resembles(const Embedding& embedding) const {
  return !shots_.empty() && distance(mean(), embedding) <= same_visit;
}

}  // namespace porchlight::vision
