// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log_sampling.hpp"

namespace porchlight::telemetry {
namespace {

// FNV-1a of 64 bits.
std::uint64_t hash(std::string_view key) noexcept {
  std::uint64_t value = 0xcbf29ce484222325U;
  for (const char c : key) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return value;
}

// The finalizer of splitmix64: neighbours end far from each other.
std::uint64_t mixed(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

}  // namespace

bool keeps(std::uint64_t number, double rate) noexcept {
  constexpr double one = 0x1p-53;
  return static_cast<double>(mixed(number) >> 11) * one < rate;
}

bool keeps(std::string_view key, double rate) noexcept {
  return keeps(hash(key), rate);
}

}  // namespace porchlight::telemetry
