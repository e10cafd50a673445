// SPDX-License-Identifier: Apache-2.0
#include "notify/failure_words.hpp"

#include "porchlight/base/one_line.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::notify {
namespace {

// What a server says may be long; looking for credentials in all of it would take the lane's time.
constexpr std::size_t longest_read = 4096;

}  // namespace

std::string failure_words(std::string_view text) {
  return one_line(telemetry::scrubbed(text.substr(0, longest_read)), longest_failure);
}

}  // namespace porchlight::notify
