// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "gpio/line.hpp"
#include "porchlight/base/clock.hpp"

namespace porchlight::gpio {

struct PressTiming {
  std::chrono::nanoseconds debounce{0};  // 0: the edges come settled, or bounce on purpose
  std::chrono::nanoseconds hold_after{std::chrono::seconds{2}};
  std::chrono::nanoseconds stuck_after{std::chrono::seconds{60}};
};

// What the edges of one line meant.
struct Finding {
  enum class Kind : std::uint8_t { pressed, stuck, released, lost_edges };
  Kind kind = Kind::pressed;
  MonotonicTime at{};
  std::uint32_t lost = 0;  // only for lost_edges
};
using Findings = std::vector<Finding>;

// Turns edges into presses. Pure: no clock, no line. One thread.
//
// A contact closes at its first active edge, which is the press: ringing does not wait for the contact
// to settle. It opens once the line was inactive for `debounce` without any edge; until then every edge
// is bounce. An active edge on a line that is active already is a press whose release went unseen, if
// it comes `debounce` or more after the edge before it. All of this is decided by the edges' own
// timestamps, so it does not matter how late they are handed in or how they are batched.
//
// A contact closed for hold_after is `held`, which rings no second time; for stuck_after it is stuck,
// said once, and `released` is said when it opens or is pressed anew.
class PressDetector {
 public:
  enum class Contact : std::uint8_t { open, closed, held, stuck };

  explicit PressDetector(PressTiming timing) : timing_(timing) {}

  // The line was (re)opened and reads `active`: nothing is known of what was before. An active line
  // does not ring, but is held and stuck in due time.
  void begin(bool active, MonotonicTime now, Findings& findings);
  // Edges of one line in the order of the kernel.
  void edge(const Edge& edge, Findings& findings);
  // The line was read, at `now` or later, and is inactive: mends a release whose edge was lost.
  void seen_inactive(MonotonicTime now, Findings& findings);
  // Time has passed. Edges from before `now` may still come.
  void advance(MonotonicTime now, Findings& findings);

  // When advance() would change something.
  std::optional<MonotonicTime> next_deadline() const;
  Contact contact() const noexcept { return contact_; }

 private:
  void count_lost(const Edge& edge, Findings& findings);
  void settle(MonotonicTime now, Findings& findings);
  void take_back_late_release(MonotonicTime at);
  void close(MonotonicTime at, Findings& findings);
  void open(MonotonicTime at, Findings& findings);
  void inactive(MonotonicTime at, Findings& findings);
  bool is_apart(MonotonicTime at) const;

  // const after construction
  const PressTiming timing_;
  // the lane's thread
  Contact contact_ = Contact::open;
  bool level_ = false;                      // of the last edge
  std::optional<MonotonicTime> last_edge_;  // since begin()
  std::optional<MonotonicTime> opened_;     // when the contact last opened, since begin()
  MonotonicTime closed_{};                  // when the contact last closed
  std::uint32_t last_sequence_ = 0;
};

}  // namespace porchlight::gpio
