// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/clock.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight {

bool SystemClock::sleep_for(std::chrono::nanoseconds duration, std::stop_token stop) {
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  std::stop_callback on_stop(stop, [&wake] {
    const std::uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(wake.get(), &one, sizeof one);
  });
  const std::chrono::nanoseconds longest = std::chrono::years(1);  // so that the sum cannot overflow
  const auto deadline = std::chrono::steady_clock::now() + std::min(duration, longest);
  for (;;) {
    if (stop.stop_requested()) return false;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds::zero()) return true;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{static_cast<time_t>(seconds.count()), static_cast<long>((left - seconds).count())};
    pollfd waited{wake.get(), POLLIN, 0};
    if (::ppoll(&waited, 1, &timeout, nullptr) < 0 && errno != EINTR) return true;
  }
}

std::string rfc3339(WallTime time) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(since_epoch - seconds).count();
  const time_t unix_seconds = static_cast<time_t>(seconds.count());
  std::tm utc{};
  ::gmtime_r(&unix_seconds, &utc);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%s.%03dZ", date.data(), static_cast<int>(millis));
  return text.data();
}

}  // namespace porchlight
