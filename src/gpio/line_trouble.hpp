// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/base/result.hpp"
#include "porchlight/gpio/button_lane.hpp"

namespace porchlight::gpio {

// Why a line could not be had, from what the attempt said.
LineTrouble trouble_of(ErrorCode code) noexcept;

}  // namespace porchlight::gpio
