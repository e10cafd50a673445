// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "porchlight/base/result.hpp"
#include "porchlight/base/worker.hpp"

namespace porchlight::record {

// One thing that waits for the disk, on a thread of its own: two syncs beside each other cost what the longer
// one takes. Where no thread can be had it is done in the constructor. What it touches is its own until it is
// done. The owner's thread.
class SideJob {
 public:
  explicit SideJob(std::function<Status()> what);
  ~SideJob();  // waits

  bool done() const noexcept;
  Status wait();

 private:
  Status status_;
  std::unique_ptr<Worker> worker_;  // last: it writes status_. Null: done already
};

}  // namespace porchlight::record
