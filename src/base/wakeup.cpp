// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/wakeup.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <ctime>

namespace porchlight {

Result<Wakeup> Wakeup::create() {
  UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) return errno_error(errno, "create eventfd");
  return Wakeup(std::move(fd));
}

void Wakeup::write_event() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] auto n = ::write(fd_.get(), &one, sizeof one);
}

void Wakeup::poll_event(std::chrono::nanoseconds timeout) noexcept {
  if (timeout < std::chrono::nanoseconds::zero()) timeout = std::chrono::nanoseconds::zero();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec limit{static_cast<time_t>(seconds.count()), static_cast<long>((timeout - seconds).count())};
  pollfd waited{fd_.get(), POLLIN, 0};
  if (::ppoll(&waited, 1, &limit, nullptr) > 0) drain_event();
}

void Wakeup::drain_event() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] auto n = ::read(fd_.get(), &count, sizeof count);
}

}  // namespace porchlight
