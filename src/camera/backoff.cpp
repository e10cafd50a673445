// SPDX-License-Identifier: Apache-2.0
#include "backoff.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace porchlight::camera {
namespace {

double kernel_random() {
  std::uint32_t bits = 0;
  event::fill_random(&bits, sizeof bits);
  return bits / 4294967296.0;
}

}  // namespace

Backoff::Backoff(ReconnectOptions options) : options_(std::move(options)) {
  if (!options_.random) options_.random = &kernel_random;
}

std::chrono::milliseconds Backoff::next() {
  // 2^20 steps of a millisecond are beyond any sensible ceiling; the bound keeps the power finite.
  const double ceiling =
      std::min(static_cast<double>(options_.most.count()),
               static_cast<double>(options_.least.count()) * std::exp2(std::min(failures_, 20)));
  ++failures_;
  return std::chrono::milliseconds(static_cast<std::int64_t>(options_.random() * ceiling));
}

}  // namespace porchlight::camera
