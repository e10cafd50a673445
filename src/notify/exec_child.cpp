// SPDX-License-Identifier: Apache-2.0
#include "notify/exec_child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "porchlight/base/spawn.hpp"
#include "porchlight/base/wakeup.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_tail = 4096;
constexpr auto patience_after_kill = 50ms;
// A program that complains without end must hold nobody: what a pipe holds, ten times a second.
constexpr int blocks_at_once = 16;
constexpr int deaf_for = 100;  // milliseconds

// A file that is nowhere: nothing to write into a pipe while the child does not read, nothing on a disk.
Result<UniqueFd> memory_file(const char* name, std::string_view bytes) {
  auto fd = UniqueFd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd) return errno_error(errno, "make a file in memory");
  for (std::size_t at = 0; at < bytes.size();) {
    const auto n = ::write(fd.get(), bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno_error(errno, "write a file in memory");
    at += static_cast<std::size_t>(n);
  }
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

struct Plumbing {
  UniqueFd input, picture, nothing, errors, errors_of_child;
};

Result<Plumbing> lay_pipes(const ChildOrder& order) {
  Plumbing pipes;
  auto input = memory_file("event", order.input);
  if (!input) return std::move(input).error();
  pipes.input = std::move(*input);
  if (!order.picture.empty()) {
    auto picture = memory_file("picture", order.picture);
    if (!picture) return std::move(picture).error();
    pipes.picture = std::move(*picture);
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return errno_error(errno, "make a pipe");
  pipes.errors = UniqueFd(ends[0]);
  pipes.errors_of_child = UniqueFd(ends[1]);
  // A program may take a write of EAGAIN for an error.
  ::fcntl(pipes.errors_of_child.get(), F_SETFL, 0);
  pipes.nothing = UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!pipes.nothing || !pipes.errors_of_child) return errno_error(errno, "open /dev/null");
  return pipes;
}

Result<pid_t> start(const ChildOrder& order, const Plumbing& pipes) {
  SpawnOrder spawn{order.command,
                   order.environment,
                   {pipes.input.get(), pipes.nothing.get(), pipes.errors_of_child.get()}};
  if (pipes.picture) spawn.descriptors.push_back(pipes.picture.get());  // child_picture
  return spawn_in_group(spawn);
}

// Keeps the end of what the child says, up to a full pipe of it; false at its end.
bool drain(const UniqueFd& errors, std::string& tail) {
  std::array<char, 4096> block{};
  for (int i = 0; i < blocks_at_once; ++i) {
    const auto n = ::read(errors.get(), block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0;
    tail.append(block.data(), static_cast<std::size_t>(n));
    if (tail.size() > longest_tail) tail.erase(0, tail.size() - longest_tail);
  }
  return true;
}

std::string last_line_of(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  const auto begin = text.find_last_of('\n');
  return std::string(begin == std::string_view::npos ? text : text.substr(begin + 1));
}

int milliseconds_until(MonotonicTime deadline, const Clock& clock) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

// Until the process ends, its time is over or `stop` is requested. Nothing: it ended.
std::optional<ChildEnd::Kind> watch(const UniqueFd& process, const UniqueFd& errors, std::string& tail,
                                    MonotonicTime deadline, const Clock& clock, const std::stop_token& stop,
                                    const Wakeup& wakeup) {
  std::array<pollfd, 3> waited{
      {{process.get(), POLLIN, 0}, {errors.get(), POLLIN, 0}, {wakeup.fd(), POLLIN, 0}}};
  bool talks = true;
  bool deaf = false;  // for a moment, after the child was heard
  for (;;) {
    if (stop.stop_requested()) return ChildEnd::Kind::stopped;
    const int patience = milliseconds_until(deadline, clock);
    waited[1].fd = talks && !deaf ? errors.get() : -1;
    const int ready = ::poll(waited.data(), waited.size(), deaf ? std::min(patience, deaf_for) : patience);
    deaf = ready > 0 && waited[1].revents != 0;
    if (deaf) talks = drain(errors, tail);
    if (ready > 0 && (waited[0].revents & POLLIN) != 0) return std::nullopt;
    if (patience == 0) return ChildEnd::Kind::timed_out;
  }
}

ChildEnd collect(const UniqueFd& process) {
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(process.get()), &info, WEXITED) != 0 && errno == EINTR) {
  }
  ChildEnd end;
  end.kind = info.si_code == CLD_EXITED ? ChildEnd::Kind::exited : ChildEnd::Kind::signalled;
  end.number = info.si_status;
  return end;
}

}  // namespace

bool reap(const UniqueFd& pidfd) {
  siginfo_t info{};
  return ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG) != 0 || info.si_pid != 0;
}

Result<ChildEnd> run_child(const ChildOrder& order, const Clock& clock, const std::stop_token& stop) {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error();
  wakeup->arm();
  std::stop_callback wake(stop, [&wakeup] { wakeup->notify(); });
  auto pipes = lay_pipes(order);
  if (!pipes) return std::move(pipes).error();
  const auto deadline = clock.now() + order.timeout;
  const auto pid = start(order, *pipes);
  if (!pid) return pid.error();
  pipes->errors_of_child.reset();
  // By its number: the declaration of glibc 2.36 cannot be linked from C++.
  UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  if (!process) {
    const int failed = errno;
    ::kill(-*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    return errno_error(failed, "watch '" + order.command[0] + "'");
  }
  std::string tail;
  const auto cut = watch(process, pipes->errors, tail, deadline, clock, stop, *wakeup);
  ChildEnd end;
  if (cut) {
    // Not reaped yet, so the group's number is still its own.
    ::kill(-*pid, SIGKILL);
    pollfd waited{process.get(), POLLIN, 0};
    ::poll(&waited, 1, static_cast<int>(patience_after_kill / 1ms));
    end.kind = *cut;
    if (!reap(process)) end.unreaped = std::move(process);
  } else {
    end = collect(process);
  }
  drain(pipes->errors, tail);
  end.last_line = last_line_of(tail);
  return end;
}

}  // namespace porchlight::notify
