// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "porchlight/http/router.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::http {

// One record for each request in the program's log. It says the route's template, never the path or the
// query that came, which may hold what is nobody's business. Listener's thread.
class AccessLog {
 public:
  struct Entry {
    const Request& request;
    const Route* route;  // null: no route took it
    int status;          // 0: no answer was begun
    std::chrono::nanoseconds took;
    std::uint64_t bytes;  // that went out, the answer's head included
    bool aborted;         // the answer did not go out whole
  };

  // `rate` (0…1): the part of the requests that is written; those that failed by our fault all are.
  AccessLog(bool on, double rate) : on_(on), part_(log_.sampled(rate)) {}
  void write(const Entry& entry) const;

 private:
  const bool on_;
  const telemetry::Logger log_ = telemetry::Logger("doorbell.api", telemetry::Component::api).yielding();
  const telemetry::Logger part_;
};

}  // namespace porchlight::http
