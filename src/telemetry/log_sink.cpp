// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log_sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace porchlight::telemetry {
namespace {

// How long a reader of our pipe may be asleep before its records are given up.
constexpr int patience_ms = 1000;

void write_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const auto written = ::write(fd, data, size);
    if (written >= 0) {
      data += written;
      size -= static_cast<std::size_t>(written);
      continue;
    }
    if (errno == EINTR) continue;
    pollfd ready{fd, POLLOUT, 0};
    if (errno == EAGAIN && ::poll(&ready, 1, patience_ms) > 0) continue;
    spdlog::throw_spdlog_ex("write log", errno);
  }
}

}  // namespace

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
  write_all(fd_, line.data(), line.size());
}

}  // namespace porchlight::telemetry
