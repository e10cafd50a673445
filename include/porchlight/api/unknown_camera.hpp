// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace porchlight::api {

// Why an account cannot be given these cameras: the first that is not among `known` by name, with the id that
// was perhaps meant. Nothing: all are known.
std::optional<std::string> unknown_camera(const std::vector<std::string>& wanted,
                                          const std::vector<std::string>& known);

}  // namespace porchlight::api
