// SPDX-License-Identifier: Apache-2.0
// What others than the store lane have it record.
#include <atomic>
#include <thread>
#include <utility>

#include "pipeline/pipeline_state.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
// A slow card takes its time to sync; the watchdog has more patience than this.
constexpr auto record_limit = 5s;
// An eighth of the lane's queue: a flood of refused requests must leave room for events.
constexpr std::size_t noted_limit = 256;

Error stopping() {
  return {ErrorCode::unavailable, "the daemon is stopping"};
}

}  // namespace

Status Pipeline::record(store::AuditEntry entry) {
  struct Verdict {
    std::atomic<bool> there{false};
    Status status;  // written before `there` is released
  };
  auto& s = *state_;
  auto verdict = std::make_shared<Verdict>();
  if (!s.store->queue().push(
          RecordAudit{std::move(entry), store::Durability::synced, [verdict](Status status) {
                        verdict->status = std::move(status);
                        verdict->there.store(true, std::memory_order_release);
                      }}))
    return Error(ErrorCode::resource, "the store lane is not keeping up");
  const auto deadline = s.clock.now() + record_limit;
  for (;;) {
    // Asked before the verdict, which may have come just before the end.
    const bool ended = s.store->ended();
    if (verdict->there.load(std::memory_order_acquire)) return verdict->status;
    if (ended) return stopping();
    if (s.clock.now() >= deadline) return Error(ErrorCode::timeout, "the store lane did not answer in time");
    std::this_thread::sleep_for(1ms);
  }
}

Status Pipeline::note(store::AuditEntry entry) {
  auto& s = *state_;
  const auto refused = [&](Error why) {
    s.unrecorded.increment();
    return why;
  };
  if (s.store->ended()) return refused(stopping());
  if (s.noted.fetch_add(1) >= noted_limit) {
    s.noted.fetch_sub(1);
    return refused({ErrorCode::resource, "too many audit records wait for the store lane"});
  }
  if (s.store->queue().push(RecordAudit{std::move(entry), store::Durability::buffered,
                                        [&noted = s.noted](const Status&) { noted.fetch_sub(1); }}))
    return {};
  s.noted.fetch_sub(1);
  return refused({ErrorCode::resource, "the store lane is not keeping up"});
}

}  // namespace porchlight::pipeline
