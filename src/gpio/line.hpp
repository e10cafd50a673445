// SPDX-License-Identifier: Apache-2.0
// One requested input line. Virtual because two real implementations stand behind it: libgpiod (major
// version 1 or 2, whichever the program was built with) and the kernel's GPIO v2 interface itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/gpio/options.hpp"

namespace porchlight::gpio {

// One level change as the kernel saw it.
struct Edge {
  bool active = false;         // after active_low
  MonotonicTime at{};          // the kernel's timestamp, CLOCK_MONOTONIC
  std::uint32_t sequence = 0;  // counts this line's edges from 1; 0: the backend cannot tell
};

// What to ask of a line that find_line() has found.
struct LineRequest {
  std::string chip_path{};
  unsigned offset = 0;
  bool active_low = true;
  Bias bias = Bias::pull_up;
  std::chrono::microseconds debounce{0};  // left to the kernel where it can; see Capabilities
  std::string consumer = "porchlight";
};

struct Capabilities {
  const char* name = "";          // static storage
  bool kernel_debounce = false;   // else the edges come as they bounce
  bool sequence_numbers = false;  // else lost edges are unknown
};

// Thread-bound. Destruction gives the line back.
class Line {
 public:
  virtual ~Line() = default;
  // For epoll: readable when edges wait.
  virtual int fd() const noexcept = 0;
  // Appends what is queued, up to a bounded batch; never blocks. An error means that the line is gone.
  virtual Status read(std::vector<Edge>& edges) = 0;
  // The level now, after active_low.
  virtual Result<bool> active() = 0;
};

Capabilities capabilities(Backend backend) noexcept;
// already_exists: the line is in use by another program.
Result<std::unique_ptr<Line>> open_line(Backend backend, const LineRequest& request);

// The two implementations behind open_line().
Capabilities uapi_capabilities() noexcept;
Result<std::unique_ptr<Line>> open_uapi_line(const LineRequest& request);
Capabilities libgpiod_capabilities() noexcept;
Result<std::unique_ptr<Line>> open_libgpiod_line(const LineRequest& request);

}  // namespace porchlight::gpio
