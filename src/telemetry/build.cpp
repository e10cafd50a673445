// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/build.hpp"

namespace porchlight::telemetry {

std::string_view build_version() noexcept {
  return PORCHLIGHT_VERSION;
}
std::string_view build_revision() noexcept {
  return PORCHLIGHT_REVISION;
}
std::string_view build_compiler() noexcept {
  return PORCHLIGHT_COMPILER;
}
std::string_view build_arch() noexcept {
  return PORCHLIGHT_ARCH;
}

}  // namespace porchlight::telemetry
