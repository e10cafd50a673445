// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/base/result.hpp"
#include "porchlight/camera/options.hpp"

namespace porchlight::camera {

// Whether the host of a network camera has an address: libav says "Input/output error" for a name that
// nobody knows. Blocks as long as the resolver does. Errors: invalid_argument.
Status check_name(const StreamAddress& address);

}  // namespace porchlight::camera
