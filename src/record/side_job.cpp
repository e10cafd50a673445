// SPDX-License-Identifier: Apache-2.0
#include "record/side_job.hpp"

#include <system_error>
#include <utility>

#include "porchlight/base/clock.hpp"

namespace porchlight::record {
namespace {

const SystemClock& machine() {
  static const SystemClock clock;
  return clock;
}

}  // namespace

SideJob::SideJob(std::function<Status()> what) {
  try {
    worker_ = std::make_unique<Worker>("sync", machine(),
                                       [this, what](std::stop_token, Heartbeat&) { status_ = what(); });
  } catch (const std::system_error&) {
    status_ = what();
  }
}

SideJob::~SideJob() = default;

bool SideJob::done() const noexcept {
  return worker_ == nullptr || worker_->state() != Worker::State::running;
}

Status SideJob::wait() {
  if (worker_ == nullptr) return status_;
  worker_->join();
  if (worker_->state() == Worker::State::threw)
    return Error(ErrorCode::internal, "sync: " + worker_->fault());
  return status_;
}

}  // namespace porchlight::record
