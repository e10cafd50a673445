// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log_sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace porchlight::telemetry {
namespace {

constexpr std::chrono::milliseconds slice{50};

// A pipe that polls as writable takes this much without blocking (POSIX: PIPE_BUF).
constexpr std::size_t unblocking = 4096;

bool writable(int fd, std::chrono::milliseconds wait) {
  pollfd state{fd, POLLOUT, 0};
  return ::poll(&state, 1, static_cast<int>(wait.count())) > 0;
}

}  // namespace

void DescriptorSink::wait_for_reader() {
  std::chrono::milliseconds waited{0};
  while (!writable(fd_, stuck_ ? std::chrono::milliseconds(0) : slice)) {
    waited += slice;
    if (!stuck_ && patience_ && patience_(waited)) continue;
    stuck_ = true;
    spdlog::throw_spdlog_ex("write log: nobody reads");
  }
  stuck_ = false;
}

void DescriptorSink::write_all(const char* data, std::size_t size) {
  while (size > 0) {
    wait_for_reader();
    const auto written = ::write(fd_, data, std::min(size, unblocking));
    if (written >= 0) {
      data += written;
      size -= static_cast<std::size_t>(written);
      torn_ = size > 0;
    } else if (errno != EINTR && errno != EAGAIN) {
      spdlog::throw_spdlog_ex("write log", errno);
    }
  }
}

void DescriptorSink::reopen() {
  const std::lock_guard lock(mutex_);
  if (path_.empty()) return;
  file_.reset();
  fd_ = -1;
}

void DescriptorSink::open_file() {
  file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!file_) spdlog::throw_spdlog_ex("open log file", errno);
  fd_ = file_.get();
}

void DescriptorSink::sink_it_(const spdlog::details::log_msg& message) {
  if (fd_ < 0) open_file();
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (torn_) write_all("\n", 1);
  write_all(line.data(), line.size());
}

}  // namespace porchlight::telemetry
