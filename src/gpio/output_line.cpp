// SPDX-License-Identifier: Apache-2.0
#include "gpio/output_line.hpp"

namespace porchlight::gpio {

Result<std::unique_ptr<OutputLine>> open_output_line(Backend backend, const OutputRequest& request) {
  return backend == Backend::uapi ? open_uapi_output(request) : open_libgpiod_output(request);
}

}  // namespace porchlight::gpio
