// SPDX-License-Identifier: Apache-2.0
#include "held_out.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "verification.hpp"

namespace porchlight::vision {
namespace {

constexpr std::size_t most_resamples = 1000;
constexpr std::size_t least_resamples = 200;
constexpr std::size_t most_work = 20'000'000;  // resampled pairs: some seconds

constexpr std::array all_rates{&Rates::eer,   &Rates::tar_2, &Rates::far_2,       &Rates::tar_3,
                               &Rates::far_3, &Rates::error, &Rates::tpr_default, &Rates::fpr_default};

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

double part(double of, double whole) {
  return whole > 0 ? of / whole : unknown;
}

}  // namespace

HeldOut::HeldOut(std::vector<LabelledPair> pairs, const std::vector<std::size_t>& photographs,
                 float threshold)
    : pairs_(std::move(pairs)), half_(photographs.size(), Half::first), default_threshold_(threshold) {
  std::stable_sort(pairs_.begin(), pairs_.end(),
                   [](const LabelledPair& a, const LabelledPair& b) { return a.distance < b.distance; });
  std::vector<std::size_t> order(photographs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return photographs[a] > photographs[b]; });
  std::size_t first = 0;
  std::size_t second = 0;
  for (const auto person : order) {
    const bool goes_second = second < first;
    half_[person] = goes_second ? Half::second : Half::first;
    (goes_second ? second : first) += photographs[person];
  }
  const Times once(half_.size(), 1);
  for (const auto half : {Half::first, Half::second}) {
    const auto all = accepted(half, once, never_near);
    divided_ = divided_ && all.genuine > 0 && all.impostor > 0;
  }
}

// 0: not of this half, or not drawn.
double HeldOut::weight(const LabelledPair& pair, Half half, const Times& times) const {
  if (half != Half::whole && (half_[pair.a] != half || half_[pair.b] != half)) return 0;
  if (pair.a == pair.b) return times[pair.a];
  return static_cast<double>(times[pair.a]) * times[pair.b];
}

HeldOut::Sums HeldOut::accepted(Half half, const Times& times, float threshold) const {
  Sums sums;
  for (const auto& pair : pairs_) {
    if (pair.distance > threshold) break;
    (pair.same ? sums.genuine : sums.impostor) += weight(pair, half, times);
  }
  return sums;
}

// The loosest that accepts at most `far`; finite, or it would accept pictures without a face.
float HeldOut::threshold_at(Half half, const Times& times, double far) const {
  const auto allowed = far * accepted(half, times, never_near).impostor;
  double let_in = 0;
  for (const auto& pair : pairs_) {
    if (pair.same) continue;
    let_in += weight(pair, half, times);
    if (let_in > allowed) return std::nextafter(pair.distance, 0.0F);
  }
  return std::numeric_limits<float>::max();
}

// Where the part of genuine pairs refused is nearest to the part of impostors accepted.
HeldOut::Crossing HeldOut::crossing(Half half, const Times& times) const {
  const auto all = accepted(half, times, never_near);
  Crossing best{0, part(0, std::min(all.genuine, all.impostor))};
  double best_gap = 2;
  Sums sums;
  for (auto pair = pairs_.begin(); pair != pairs_.end() && !std::isinf(pair->distance);) {
    const auto threshold = pair->distance;
    for (; pair != pairs_.end() && pair->distance == threshold; ++pair)
      (pair->same ? sums.genuine : sums.impostor) += weight(*pair, half, times);
    const auto refused = 1 - part(sums.genuine, all.genuine);
    const auto let_in = part(sums.impostor, all.impostor);
    const auto gap = std::abs(refused - let_in);
    if (!(gap < best_gap)) continue;
    best_gap = gap;
    best = {threshold, (refused + let_in) / 2};
  }
  if (best_gap == 2) best.rate += 1;  // nothing is ever accepted
  return best;
}

// A half of which one person only was drawn has no two people to compare: every threshold would do.
bool HeldOut::can_choose(Half half, const Times& times) const {
  const auto all = accepted(half, times, never_near);
  return all.genuine > 0 && all.impostor > 0;
}

// Parts accepted of both halves, each at the other's threshold.
HeldOut::Sums HeldOut::tried_at(const Times& times, double far) const {
  Sums got;
  Sums all;
  const auto add = [](Sums& to, const Sums& more) {
    to.genuine += more.genuine;
    to.impostor += more.impostor;
  };
  bool chosen = true;
  const auto try_on = [&](Half chosen_on, Half tried_on) {
    chosen = chosen && can_choose(chosen_on, times);
    add(got, accepted(tried_on, times, threshold_at(chosen_on, times, far)));
    add(all, accepted(tried_on, times, never_near));
  };
  if (divided_) {
    try_on(Half::first, Half::second);
    try_on(Half::second, Half::first);
  } else {
    try_on(Half::whole, Half::whole);
  }
  if (!chosen) return {unknown, unknown};
  return {part(got.genuine, all.genuine), part(got.impostor, all.impostor)};
}

double HeldOut::error_of(const Times& times) const {
  const auto tried = [&](Half chosen_on, Half tried_on) {
    if (!can_choose(chosen_on, times)) return unknown;
    const auto got = accepted(tried_on, times, crossing(chosen_on, times).threshold);
    const auto all = accepted(tried_on, times, never_near);
    return (1 - part(got.genuine, all.genuine) + part(got.impostor, all.impostor)) / 2;
  };
  if (!divided_) return tried(Half::whole, Half::whole);
  return (tried(Half::first, Half::second) + tried(Half::second, Half::first)) / 2;
}

Rates HeldOut::rates(const Times& times) const {
  const auto percent = tried_at(times, 1e-2);
  const auto thousandth = tried_at(times, 1e-3);
  const auto all = accepted(Half::whole, times, never_near);
  const auto at_default = accepted(Half::whole, times, default_threshold_);
  return {.eer = crossing(Half::whole, times).rate,
          .tar_2 = percent.genuine,
          .far_2 = percent.impostor,
          .tar_3 = thousandth.genuine,
          .far_3 = thousandth.impostor,
          .error = error_of(times),
          .tpr_default = part(at_default.genuine, all.genuine),
          .fpr_default = part(at_default.impostor, all.impostor)};
}

Rates HeldOut::rates() const {
  return rates(Times(half_.size(), 1));
}

std::size_t HeldOut::resamples() const noexcept {
  return std::clamp(most_work / std::max<std::size_t>(1, pairs_.size()), least_resamples, most_resamples);
}

RateIntervals HeldOut::intervals() const {
  std::array<std::vector<std::size_t>, 2> people;
  for (std::size_t i = 0; i < half_.size(); ++i) people[half_[i] == Half::first ? 0 : 1].push_back(i);
  std::mt19937_64 random(20);
  std::array<std::vector<double>, all_rates.size()> drawn;
  for (std::size_t i = 0; i < resamples(); ++i) {
    Times times(half_.size(), 0);
    for (const auto& half : people)
      for (std::size_t k = 0; k < half.size(); ++k) ++times[half[random() % half.size()]];
    const auto figures = rates(times);
    for (std::size_t k = 0; k < all_rates.size(); ++k)
      if (const auto value = figures.*all_rates[k]; !std::isnan(value)) drawn[k].push_back(value);
  }
  RateIntervals out;
  for (std::size_t k = 0; k < all_rates.size(); ++k) {
    auto& values = drawn[k];
    std::sort(values.begin(), values.end());
    const auto cut = values.size() / 40;
    const auto none = std::numeric_limits<double>::quiet_NaN();
    out.low.*all_rates[k] = values.empty() ? none : values[cut];
    out.high.*all_rates[k] = values.empty() ? none : values[values.size() - 1 - cut];
  }
  return out;
}

}  // namespace porchlight::vision
