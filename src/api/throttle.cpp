// SPDX-License-Identifier: Apache-2.0
#include "api/throttle.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

namespace porchlight::api {

using std::chrono::seconds;

std::optional<seconds> Throttle::wait_for(const Records& records, const std::string& key,
                                          std::uint32_t limit) const {
  const auto found = records.find(key);
  if (found == records.end() || found->second.failures < limit) return std::nullopt;
  const auto left = found->second.last + options_.lock - clock_.now();
  if (left <= std::chrono::nanoseconds{0}) return std::nullopt;
  return std::chrono::ceil<seconds>(left);
}

void Throttle::count(Records& records, const std::string& key) {
  auto found = records.find(key);
  if (found == records.end()) {
    make_room(records);
    found = records.emplace(key, Record{}).first;
  }
  auto& record = found->second;
  if (clock_.now() - record.last >= options_.lock) record = Record{};
  ++record.failures;
  record.last = clock_.now();
}

// The one that failed longest ago goes: to push a locked name out, somebody must fail under
// thousands of others, each from an address that is not locked yet.
void Throttle::make_room(Records& records) {
  if (records.size() < options_.most) return;
  const auto oldest = std::min_element(records.begin(), records.end(), [](const auto& a, const auto& b) {
    return a.second.last < b.second.last;
  });
  records.erase(oldest);
  cache_.evicted();
}

void Throttle::look_up(const Records& records, const std::string& key) {
  records.contains(key) ? cache_.hit() : cache_.miss();
}

void Throttle::measure() {
  std::size_t bytes = 0;
  for (const auto* records : {&accounts_, &addresses_})
    for (const auto& [key, record] : *records) bytes += sizeof(Records::value_type) + key.size();
  cache_.holds(bytes);
}

void Throttle::take_back(Records& records, const std::string& key) {
  const auto found = records.find(key);
  if (found != records.end() && found->second.failures > 0) --found->second.failures;
}

std::optional<seconds> Throttle::begin(const std::string& account, const std::string& address) {
  const std::lock_guard lock(mutex_);
  look_up(addresses_, address);
  if (!account.empty()) look_up(accounts_, account);
  auto wait = begin_with(account, address);
  measure();
  return wait;
}

std::optional<seconds> Throttle::begin_with(const std::string& account, const std::string& address) {
  if (auto wait = wait_for(addresses_, address, options_.address_failures)) return wait;
  if (!account.empty())
    if (auto wait = wait_for(accounts_, account, options_.failures)) return wait;
  count(addresses_, address);
  if (!account.empty()) count(accounts_, account);
  return std::nullopt;
}

void Throttle::succeeded(const std::string& account, const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (accounts_.erase(account) != 0) measure();
  // Not erased: who owns one account may not guess at others without end by logging in between.
  take_back(addresses_, address);
}

void Throttle::withdrawn(const std::string& account, const std::string& address) {
  const std::lock_guard lock(mutex_);
  take_back(accounts_, account);
  take_back(addresses_, address);
}

bool Throttle::failed(const std::string& account) {
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(account);
  if (found == accounts_.end()) return false;
  auto& record = found->second;
  record.last = clock_.now();
  return record.failures >= options_.failures && !std::exchange(record.told, true);
}

bool Throttle::is_locked(const std::string& account) const {
  const std::lock_guard lock(mutex_);
  return wait_for(accounts_, account, options_.failures).has_value();
}

void Throttle::clear() {
  const std::lock_guard lock(mutex_);
  accounts_.clear();
  addresses_.clear();
  measure();
}

std::size_t Throttle::remembered() const {
  const std::lock_guard lock(mutex_);
  return std::max(accounts_.size(), addresses_.size());
}

Status Throttle::prove() {
  const auto wrong = [](const char* what) {
    return Error(ErrorCode::internal, std::string("the record of login attempts ") + what);
  };
  const std::string nobody = "nobody's";
  const std::lock_guard lock(mutex_);
  addresses_[nobody] = {options_.address_failures, clock_.now(), false};
  const bool locked = wait_for(addresses_, nobody, options_.address_failures).has_value();
  addresses_[nobody].last -= options_.lock;
  const bool opened = !wait_for(addresses_, nobody, options_.address_failures);
  const bool forgotten = addresses_.erase(nobody) == 1;
  if (!locked) return wrong("locks nobody");
  if (!opened) return wrong("lets no lock end");
  if (!forgotten) return wrong("does not forget");
  return {};
}

std::string throttle_key(const std::string& address) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return address;
  constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::equal(mapped.begin(), mapped.end(), bytes.begin())) return address;
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return std::string(text.data()) + "/64";
}

}  // namespace porchlight::api
