// SPDX-License-Identifier: Apache-2.0
#include "api/once_a_minute.hpp"

namespace porchlight::api {

bool OnceAMinute::is_new(const std::string& what) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (const auto known = noted_.find(what); known != noted_.end()) {
    if (now - known->second < period) return false;
    known->second = now;
    return true;
  }
  if (noted_.size() >= remembered)
    std::erase_if(noted_, [now](const auto& entry) { return now - entry.second >= period; });
  if (noted_.size() >= remembered) {
    if (when_full_ == WhenFull::say_no) return false;
    noted_.clear();
  }
  noted_.emplace(what, now);
  return true;
}

void OnceAMinute::forget(const std::string& what) {
  const std::lock_guard lock(mutex_);
  noted_.erase(what);
}

}  // namespace porchlight::api
