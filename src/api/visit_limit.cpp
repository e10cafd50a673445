// SPDX-License-Identifier: Apache-2.0
#include "api/visit_limit.hpp"

#include "api/throttle.hpp"

namespace porchlight::api {

bool VisitLimit::may_come(const std::string& address) {
  const auto now = clock_.now();
  const auto key = throttle_key(address);
  if (now >= minute_ends_ || (visits_.size() >= remembered && !visits_.contains(key))) {
    minute_ends_ = now + std::chrono::minutes{1};
    visits_.clear();
  }
  return ++visits_[key] <= most_;
}

}  // namespace porchlight::api
