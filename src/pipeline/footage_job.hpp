// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "porchlight/base/queue.hpp"
#include "porchlight/record/recorder.hpp"
#include "porchlight/record/retention.hpp"

namespace porchlight::pipeline {

// A write of a recorder found no space.
struct MakeRoom {};

// Somebody wants footage kept, or not kept any longer than usual. not_found: one of them is not there.
struct ProtectSegments {
  std::vector<std::int64_t> ids;
  bool is_protected = true;
  std::function<void(Status)> done;  // from the footage lane
};

// Somebody wants footage gone; what is being written stays.
struct DeleteSegments {
  std::vector<std::int64_t> ids;
  record::DeletionReason reason = record::DeletionReason::operator_;
  std::function<void(Status)> done;  // from the footage lane, once the files are gone
};

using FootageJob =
    std::variant<std::monostate, record::RecordNote, MakeRoom, ProtectSegments, DeleteSegments>;
using FootageQueue = MpscRing<FootageJob, QueueName::recording, Overflow::must_not_fill>;

}  // namespace porchlight::pipeline
