// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace porchlight::vision {

// The largest rate that `events` in `trials` independent trials still fit (Clopper and Pearson, one-sided
// 95 %): with no event in n trials about 3 / n. 1 without trials.
double upper_bound_95(std::size_t events, std::size_t trials) noexcept;

}  // namespace porchlight::vision
