// SPDX-License-Identifier: Apache-2.0
// What inputs and outputs of the kernel's own interface have in common.
#pragma once

#include <linux/gpio.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "porchlight/base/result.hpp"

namespace porchlight::gpio {

// The level of a request's only line, after active_low.
inline Result<bool> uapi_level(int request) {
  gpio_v2_line_values values{0, 1};
  if (::ioctl(request, GPIO_V2_LINE_GET_VALUES_IOCTL, &values) < 0) return errno_error(errno, "read level");
  return (values.bits & 1) != 0;
}

}  // namespace porchlight::gpio
