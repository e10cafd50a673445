// SPDX-License-Identifier: Apache-2.0
#include "gpio/line.hpp"

namespace porchlight::gpio {

Capabilities capabilities(Backend backend) noexcept {
  return backend == Backend::uapi ? uapi_capabilities() : libgpiod_capabilities();
}

Result<std::unique_ptr<Line>> open_line(Backend backend, const LineRequest& request) {
  return backend == Backend::uapi ? open_uapi_line(request) : open_libgpiod_line(request);
}

}  // namespace porchlight::gpio
