// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace porchlight::event {

// Why the picture of a face is not compared with anybody's.
enum class Refusal : std::uint8_t { too_small, blurred, turned, dark, bright, cut_by_border };

inline constexpr std::array refusals{Refusal::too_small, Refusal::blurred, Refusal::turned,
                                     Refusal::dark,      Refusal::bright,  Refusal::cut_by_border};

// As in events, answers and the label `reason` of face_shots_refused_total.
std::string_view to_string(Refusal refusal) noexcept;

}  // namespace porchlight::event
