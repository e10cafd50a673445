// SPDX-License-Identifier: Apache-2.0
#include "app/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace porchlight::app {

Result<Signals> Signals::create() {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&mask, number);
  if (const int rc = ::pthread_sigmask(SIG_BLOCK, &mask, nullptr); rc != 0)
    return errno_error(rc, "block signals");
  std::signal(SIGPIPE, SIG_IGN);
  UniqueFd fd(::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return errno_error(errno, "create signalfd");
  return Signals(std::move(fd));
}

std::optional<Signal> Signals::next() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return info.ssi_signo == SIGHUP ? Signal::reload : Signal::stop;
}

void Signals::let_the_next_one_kill() {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int number : {SIGTERM, SIGINT}) sigaddset(&mask, number);
  ::pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
}

}  // namespace porchlight::app
