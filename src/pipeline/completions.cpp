// SPDX-License-Identifier: Apache-2.0
// What an event that lasted a while has become at its end. An event without an end would say for ever that it
// goes on.
#include <algorithm>
#include <chrono>
#include <utility>

#include "pipeline/store_open.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
constexpr auto completion_pause = 1s;
constexpr std::size_t most_incomplete = 256;

const event::EventId& id_of(const CompleteEvent& job) {
  return event::header_of(job.event).id;
}

}  // namespace

void StoreLane::complete(CompleteEvent job) {
  // An older end must not be written over this one later.
  std::erase_if(incomplete_, [&](const CompleteEvent& other) { return id_of(other) == id_of(job); });
  note_end(job.event, Held::searched);
  if (held_.complete(job.event) || complete_stored(job.event)) return;
  if (incomplete_.size() >= most_incomplete) incomplete_.pop_front();
  incomplete_.push_back(std::move(job));
  next_completion_ = clock_.now() + completion_pause;
}

// An event whose beginning never reached the log is written whole.
bool StoreLane::complete_stored(const event::Event& event) {
  if (!open_) return false;
  auto status = open_->log.complete(event);
  if (!status && status.error().code() == ErrorCode::not_found) status = open_->log.append(event, {});
  if (!status) {
    failed("the end of an event could not be written, trying again", status.error());
    return false;
  }
  sinks_.changed();
  return true;
}

void StoreLane::complete_again() {
  next_completion_ = clock_.now() + completion_pause;
  for (auto left = incomplete_.size(); left > 0; --left) {
    auto first = std::move(incomplete_.front());
    incomplete_.pop_front();
    if (held_.complete(first.event) || complete_stored(first.event)) continue;
    incomplete_.push_back(std::move(first));  // behind those that may succeed
    return;
  }
}

}  // namespace porchlight::pipeline
