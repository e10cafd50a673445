// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "porchlight/vision/gallery.hpp"

namespace porchlight::vision {

// How a visit's best shots vote about who it is. The mean of their embeddings proposes a person, each shot
// votes for the person whom it is nearest to: so one odd shot among good ones cannot name anybody.
class Vote {
 public:
  Vote() = default;
  // `proposal`: whom the mean shows. `nearest`: of each shot; nothing in an empty gallery.
  Vote(const Identity& proposal, std::span<const std::optional<Match>> nearest, float threshold);

  // The proposal when at least half of the shots agree, else nobody; what is said when time is up.
  const Identity& outcome() const noexcept { return outcome_; }
  // No further shot is needed.
  bool sure() const noexcept { return sure_; }

 private:
  bool sure_of_name(float threshold) const;

  Identity outcome_;
  std::size_t shots_ = 0;
  std::size_t agree_ = 0;  // vote for the proposed person
  bool sure_ = false;
};

}  // namespace porchlight::vision
