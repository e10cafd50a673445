// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inference_schedule.hpp"

#include <algorithm>
#include <utility>

namespace porchlight::pipeline {
namespace {

using Seconds = std::chrono::duration<double>;
constexpr std::chrono::seconds gone_silent{5};  // such a camera asks for no time
constexpr double weight_of_newest = 0.2;

}  // namespace

bool InferenceSchedule::offer(const std::string& camera, media::FramePtr frame, Standing standing,
                              MonotonicTime now, MonotonicTime deadline) {
  auto& place = places_[camera];
  place.offered = now;
  place.standing = standing;
  if (!place.job && leave_out(place, now)) return false;
  if (place.job) end(place, InferenceMeter::End::dropped);
  place.job = Job{std::move(frame), deadline};
  ++waiting_;
  meter_.enqueued();
  return true;
}

// Counted at the pace at which it would have been searched, not once a picture.
bool InferenceSchedule::leave_out(Place& place, MonotonicTime now) {
  if (place.standing != Standing::at_rest || !place.served || now - *place.served >= rest_pace(now))
    return false;
  const auto counted = std::max(*place.served, place.left_out.value_or(*place.served));
  if (now - counted >= limits_.rest_pace) {
    place.left_out = now;
    meter_.enqueued();
    meter_.ended(InferenceMeter::End::dropped);
  }
  return true;
}

std::chrono::nanoseconds InferenceSchedule::rest_pace(MonotonicTime now) const {
  double awaited = 0;
  double resting = 0;
  for (const auto& [camera, place] : places_)
    if (now - place.offered < gone_silent) ++(place.standing == Standing::at_rest ? resting : awaited);
  const auto taken = awaited * cost_ / Seconds(limits_.awaited_pace).count();
  const auto spare = std::max(limits_.share - taken, limits_.least_share);
  const auto pace = std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds(resting * cost_ / spare));
  return std::clamp(pace, limits_.rest_pace, limits_.longest_rest);
}

std::optional<InferenceSchedule::Look> InferenceSchedule::next(MonotonicTime now,
                                                               const RingWaits& ring_waits) {
  drop_late(now);
  const auto chosen = choose(ring_waits);
  if (chosen == places_.end()) return std::nullopt;
  auto& [camera, place] = *chosen;
  Look look{camera, std::move(place.job->frame)};
  place.job.reset();
  place.served = now;
  place.turn = ++turns_;
  --waiting_;
  ++since_others_;
  return look;
}

void InferenceSchedule::drop_late(MonotonicTime now) {
  for (auto& [camera, place] : places_)
    if (place.job && now >= place.job->deadline) end(place, InferenceMeter::End::timeout);
}

InferenceSchedule::Places::iterator InferenceSchedule::choose(const RingWaits& ring_waits) {
  auto ring = places_.end();
  auto other = places_.end();
  for (auto place = places_.begin(); place != places_.end(); ++place) {
    if (!place->second.job) continue;
    auto& best = ring_waits(place->first) ? ring : other;
    if (best == places_.end() || place->second.turn < best->second.turn) best = place;
  }
  const bool others_turn = other != places_.end() && rings_served_ >= limits_.rings_in_a_row;
  if (ring == places_.end() || others_turn) {
    rings_served_ = 0;
    return other;
  }
  rings_served_ += other != places_.end() ? 1 : 0;
  return ring;
}

void InferenceSchedule::cost(std::chrono::nanoseconds took) noexcept {
  const auto newest = Seconds(took).count();
  cost_ = cost_ == 0 ? newest : cost_ + weight_of_newest * (newest - cost_);
}

void InferenceSchedule::forget(const std::string& camera) {
  const auto found = places_.find(camera);
  if (found == places_.end()) return;
  if (found->second.job) end(found->second, InferenceMeter::End::dropped);
  places_.erase(found);
}

void InferenceSchedule::clear() {
  for (auto& [camera, place] : places_)
    if (place.job) end(place, InferenceMeter::End::dropped);
  places_.clear();
}

void InferenceSchedule::end(Place& place, InferenceMeter::End how) {
  place.job.reset();
  --waiting_;
  meter_.ended(how);
}

}  // namespace porchlight::pipeline
