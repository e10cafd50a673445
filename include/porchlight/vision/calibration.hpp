// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "porchlight/vision/gallery.hpp"
#include "porchlight/vision/options.hpp"

namespace porchlight::vision {

// What the gallery must hold before it may move the threshold, and how far.
inline constexpr std::size_t least_persons = 8;
inline constexpr float threshold_floor = 0.40F;
inline constexpr float threshold_ceiling = 0.55F;

// Two enrolled people whose photographs look as if they were of one.
struct LookAlike {
  std::string a;
  std::string b;
  float distance = 0;  // the median of their photographs' distances
};

// The threshold in force and where it comes from.
struct Calibration {
  enum class Basis {
    configured,  // a number stands in the configuration
    shipped,     // the gallery is too small to say anything, or says nothing against the shipped value
    tightened,   // too small to show the wanted rate, but two of its people are nearer than the shipped value
    gallery,     // large enough to show the wanted rate
  };
  float threshold = default_threshold;
  Basis basis = Basis::shipped;
  double wanted = 0;  // false accepts, part of the comparisons of two people
  std::size_t persons = 0;
  std::size_t pairs = 0;     // of photographs of two people that were compared, without the look-alikes'
  std::size_t accepted = 0;  // of them, at the threshold
  double bound = 1;          // of their rate, 95 %, were they independent
  std::vector<LookAlike> look_alikes;
  std::size_t without_second = 0;  // people without the second embedding, when it is asked for
};
std::string_view to_string(Calibration::Basis basis) noexcept;

// Looks at the distances between the gallery's people. Pairs of people that look alike (twins; one person
// under two names) are reported and left out, unless they are more than one in twenty: then they are no
// twins, and count. At most 8 photographs a person and 512 in all, spread evenly, are looked at: at most
// 130,000 comparisons, some 50 ms.
Calibration calibrate(const Gallery& gallery, const FaceOptions& options);

// For people, without a name of anybody: `0.47: …`.
std::string words(const Calibration& calibration);

}  // namespace porchlight::vision
