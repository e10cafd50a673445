// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/telemetry/cache_meter.hpp"

namespace porchlight::api {

struct ThrottleOptions {
  std::uint32_t failures = 5;                                // of one account, then it is locked
  std::uint32_t address_failures = 20;                       // of one address, then it is
  std::chrono::milliseconds lock{std::chrono::minutes{15}};  // also: how long a failure counts
  std::size_t most = 4096;                                   // accounts and addresses remembered, each
};

// Counts failed attempts per account name and per address. It does not know which names exist, so it
// cannot tell. An attempt counts as failed from its begin(): guesses side by side win nothing. Any thread.
class Throttle {
 public:
  // `metrics` shows it as the cache `rate_limit`: each name and each address is a look-up.
  Throttle(ThrottleOptions options, const Clock& clock, telemetry::Metrics& metrics)
      : options_(options), clock_(clock), cache_(metrics, "rate_limit") {}

  // How long to wait; nothing: go on, and end with succeeded() or failed(). `account` may be empty.
  std::optional<std::chrono::seconds> begin(const std::string& account, const std::string& address);
  void succeeded(const std::string& account, const std::string& address);
  // The attempt came to nothing for another reason (the queue was full): as if it had not begun.
  void withdrawn(const std::string& account, const std::string& address);
  // True when this failure locked the account.
  bool failed(const std::string& account);

  bool is_locked(const std::string& account) const;
  // Opens every lock.
  void clear();
  std::size_t remembered() const;
  // Remembers an address that is none, finds it locked, lets the lock end and forgets it. Not a look-up.
  Status prove();

 private:
  struct Record {
    std::uint32_t failures = 0;
    MonotonicTime last{};
    bool told = false;
  };
  using Records = std::unordered_map<std::string, Record>;
  std::optional<std::chrono::seconds> begin_with(const std::string& account, const std::string& address);
  void look_up(const Records& records, const std::string& key);
  void measure();
  std::optional<std::chrono::seconds> wait_for(const Records& records, const std::string& key,
                                               std::uint32_t limit) const;
  void count(Records& records, const std::string& key);
  void make_room(Records& records);
  static void take_back(Records& records, const std::string& key);

  const ThrottleOptions options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  Records accounts_;
  Records addresses_;
  telemetry::CacheMeter cache_;
};

// What counts as one address: an IPv6 subscriber has a whole /64.
std::string throttle_key(const std::string& address);

}  // namespace porchlight::api
