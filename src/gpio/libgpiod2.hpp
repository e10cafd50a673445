// SPDX-License-Identifier: Apache-2.0
// What inputs and outputs over libgpiod 2 have in common.
#pragma once

#include <gpiod.h>

#include <cerrno>
#include <memory>

#include "porchlight/base/result.hpp"

namespace porchlight::gpio {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using Chip = std::unique_ptr<gpiod_chip, FreeWith<gpiod_chip_close>>;
using Settings = std::unique_ptr<gpiod_line_settings, FreeWith<gpiod_line_settings_free>>;
using LineConfig = std::unique_ptr<gpiod_line_config, FreeWith<gpiod_line_config_free>>;
using RequestConfig = std::unique_ptr<gpiod_request_config, FreeWith<gpiod_request_config_free>>;
using Request = std::unique_ptr<gpiod_line_request, FreeWith<gpiod_line_request_release>>;

// The level of a requested line, after active_low.
inline Result<bool> libgpiod_level(gpiod_line_request* request, unsigned offset) {
  const auto value = gpiod_line_request_get_value(request, offset);
  if (value == GPIOD_LINE_VALUE_ERROR) return errno_error(errno, "read level");
  return value == GPIOD_LINE_VALUE_ACTIVE;
}

}  // namespace porchlight::gpio
