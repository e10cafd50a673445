// SPDX-License-Identifier: Apache-2.0
#include "telemetry/exemplars.hpp"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace porchlight::telemetry {
namespace {

// The clock that costs nothing: it is right to a few milliseconds.
std::int64_t now_ms() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

ExemplarIndex::LabelList list_of(const Labels& labels) {
  ExemplarIndex::LabelList list;
  for (const auto& [name, value] : labels) list.push_back({name, value});
  return list;
}

}  // namespace

Exemplars::Exemplars(std::span<const double> bounds) : bounds_(bounds), slots_(bounds.size() + 1) {}

// The stores of the data release and the loads acquire: who sees a new word sees the odd turn before it, too.
void Exemplars::keep(double value, const TraceBytes& trace) noexcept {
  if (std::isnan(value) || trace == TraceBytes{}) return;
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  auto& slot = slots_[static_cast<std::size_t>(bucket)];
  auto turn = slot.turn.load(std::memory_order_relaxed);
  if (turn % 2 != 0 || !slot.turn.compare_exchange_strong(turn, turn + 1, std::memory_order_acquire,
                                                          std::memory_order_relaxed))
    return;
  std::uint64_t words[2];
  std::memcpy(words, trace.data(), sizeof words);
  slot.first.store(words[0], std::memory_order_release);
  slot.second.store(words[1], std::memory_order_release);
  slot.value.store(value, std::memory_order_release);
  slot.at_ms.store(now_ms(), std::memory_order_release);
  slot.turn.store(turn + 2, std::memory_order_release);
}

std::optional<Exemplar> Exemplars::of(std::size_t bucket) const noexcept {
  const auto& slot = slots_[bucket];
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto before = slot.turn.load(std::memory_order_acquire);
    if (before == 0) return std::nullopt;
    const std::uint64_t words[2] = {slot.first.load(std::memory_order_acquire),
                                    slot.second.load(std::memory_order_acquire)};
    Exemplar read{.value = slot.value.load(std::memory_order_acquire),
                  .at_unix = static_cast<double>(slot.at_ms.load(std::memory_order_acquire)) / 1000};
    if (before % 2 != 0 || slot.turn.load(std::memory_order_relaxed) != before) continue;
    std::memcpy(read.trace.data(), words, sizeof words);
    return read;
  }
  return std::nullopt;
}

Exemplars& ExemplarIndex::add(const FamilySpec& family, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& place = all_[&family][list_of(labels)];
  if (place == nullptr) place = std::make_shared<Exemplars>(family.buckets);
  return *place;
}

void ExemplarIndex::forget(const FamilySpec& family, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(&family);
  if (found != all_.end()) found->second.erase(list_of(labels));
}

std::shared_ptr<const Exemplars> ExemplarIndex::find(const FamilySpec& family,
                                                     const LabelList& labels) const {
  const std::lock_guard lock(mutex_);
  const auto series = all_.find(&family);
  if (series == all_.end()) return nullptr;
  const auto found = series->second.find(labels);
  return found == series->second.end() ? nullptr : found->second;
}

}  // namespace porchlight::telemetry
