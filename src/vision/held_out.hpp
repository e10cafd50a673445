// SPDX-License-Identifier: Apache-2.0
// How well distances tell people apart, with the threshold chosen on one half of the people and tried on
// the other, and how far chance may have moved the figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace porchlight::vision {

struct LabelledPair {
  float distance = 0;  // never_near where a picture showed no face
  std::size_t a = 0;   // persons, by number
  std::size_t b = 0;
  bool same = false;
};

// Parts of 1; not a number where pairs of a kind are missing.
struct Rates {
  double eer = 0;  // where as many impostors are accepted as genuine pairs refused, on all pairs
  // At the threshold that accepts at most 1 % (0.1 %) of the other half's impostors, on both halves
  // together: genuine pairs accepted, and impostors after all.
  double tar_2 = 0;
  double far_2 = 0;
  double tar_3 = 0;
  double far_3 = 0;
  double error = 0;  // mean of both errors at the other half's equal-error threshold
  double tpr_default = 0;
  double fpr_default = 0;
};

struct RateIntervals {
  Rates low;
  Rates high;
};

class HeldOut {
 public:
  // `photographs`: of each person. The people are dealt into two halves, the one with the most photographs
  // first, each to the half that has fewer so far.
  HeldOut(std::vector<LabelledPair> pairs, const std::vector<std::size_t>& photographs, float threshold);

  // Both halves have pairs of both kinds. Otherwise thresholds are chosen on the very pairs they are tried
  // on.
  bool divided() const noexcept { return divided_; }
  Rates rates() const;
  // 95 %, by drawing people anew with repetition, each half from itself. The same numbers every time.
  RateIntervals intervals() const;
  std::size_t resamples() const noexcept;

 private:
  using Times = std::vector<std::uint32_t>;  // how often each person was drawn
  enum class Half : std::uint8_t { first, second, whole };
  struct Sums {
    double genuine = 0;
    double impostor = 0;
  };

  double weight(const LabelledPair& pair, Half half, const Times& times) const;
  Sums accepted(Half half, const Times& times, float threshold) const;
  bool can_choose(Half half, const Times& times) const;
  float threshold_at(Half half, const Times& times, double far) const;
  struct Crossing {
    float threshold;
    double rate;
  };
  Crossing crossing(Half half, const Times& times) const;
  Sums tried_at(const Times& times, double far) const;
  double error_of(const Times& times) const;
  Rates rates(const Times& times) const;

  std::vector<LabelledPair> pairs_;  // sorted by distance
  std::vector<Half> half_;           // of each person
  float default_threshold_;
  bool divided_ = true;
};

}  // namespace porchlight::vision
