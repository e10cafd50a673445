// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"

namespace porchlight::api {

// Parameters of Argon2id. The default takes 64 MiB and 0.15 s on the machine of docs/benchmarks.md; a text
// hashed under other ones is hashed again at the next login.
struct PasswordCost {
  std::uint64_t passes = 3;
  std::size_t memory_bytes = std::size_t{64} << 20;
};

// Says what is wrong with a new password, invalid_argument: fewer than 10 characters, more than 1024
// bytes, one of the commonest, or made of the account's name. No rules of composition.
Status check_password(std::string_view password, std::string_view account);

// Slow on purpose: on the accounts' executor and in commands only. Thread-bound but for calls().
class PasswordHasher {
 public:
  explicit PasswordHasher(PasswordCost cost) : cost_(cost) {}

  Result<std::string> hash(std::string_view password);
  // An empty `encoded` (there is no such account) costs the same and is never right.
  bool is_right(const std::string& encoded, std::string_view password);
  bool is_outdated(const std::string& encoded) const;

  // Argon2 computations so far: equal work is proven by counting, not by a stopwatch. Any thread.
  std::uint64_t calls() const noexcept { return calls_.load(std::memory_order_relaxed); }

 private:
  const PasswordCost cost_;
  std::string nobody_;  // hash of a password that nobody has
  std::atomic<std::uint64_t> calls_{0};
};

}  // namespace porchlight::api
