// SPDX-License-Identifier: Apache-2.0
#include "vote.hpp"

#include <algorithm>

namespace porchlight::vision {
namespace {

constexpr std::size_t shots_for_stranger = 3;
// One shot names a person only when it lies this much inside the threshold; several may touch it.
constexpr double single_shot_margin = 0.08;
// A shot this far beyond the threshold still says whom it is like rather than that it is nobody.
constexpr float vote_slack = 0.10F;

}  // namespace

Vote::Vote(const Identity& proposal, std::span<const std::optional<Match>> nearest, float threshold)
    : outcome_(proposal), shots_(nearest.size()) {
  const auto within = [threshold](float slack) {
    return [=](const std::optional<Match>& match) { return match && match->distance <= threshold + slack; };
  };
  if (proposal.person.empty()) {
    sure_ = shots_ >= shots_for_stranger && std::none_of(nearest.begin(), nearest.end(), within(0));
    return;
  }
  agree_ = static_cast<std::size_t>(std::count_if(nearest.begin(), nearest.end(), [&](const auto& match) {
    return within(vote_slack)(match) && match->person == proposal.person;
  }));
  sure_ = sure_of_name(threshold);
  if (agree_ * 2 >= shots_) return;
  outcome_.verdict = event::Verdict::unknown_person;
  outcome_.person.clear();
}

bool Vote::sure_of_name(float threshold) const {
  if (shots_ == 1) return outcome_.distance <= threshold - single_shot_margin;
  return agree_ * 2 > shots_;
}

}  // namespace porchlight::vision
