// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/base/clock.hpp"
#include "porchlight/maintain/doctor.hpp"

namespace porchlight::maintain {

struct ClockFacts {
  WallTime now{};
  bool synchronised = false;       // as the kernel was told by whoever disciplines it
  double worst_error_seconds = 0;  // the kernel's own estimate
  bool has_time_service = false;   // one is installed
};
ClockFacts read_clock();
Findings judge_clock(const ClockFacts& facts);

}  // namespace porchlight::maintain
