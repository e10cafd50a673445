// SPDX-License-Identifier: Apache-2.0
// libgpiod 1.6 (Debian 12) speaks the kernel's first interface: no debounce, no numbered edges, and a
// kernel buffer of 16 edges that drops the newest without a word.
#include <fcntl.h>
#include <gpiod.h>

#include <array>
#include <cerrno>

#include "gpio/libgpiod1.hpp"
#include "gpio/line.hpp"

namespace porchlight::gpio {
namespace {

constexpr unsigned batch_edges = 16;

int flags_of(const LineRequest& request) {
  const int flags = request.active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;
  switch (request.bias) {
    case Bias::pull_up:
      return flags | GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
    case Bias::pull_down:
      return flags | GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
    case Bias::disabled:
      return flags | GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE;
    case Bias::as_is:
      return flags;
  }
  return flags;
}

class Libgpiod1Line final : public Line {
 public:
  Libgpiod1Line(Chip chip, gpiod_line* line) : chip_(std::move(chip)), line_(line) {}

  int fd() const noexcept override { return gpiod_line_event_get_fd(line_); }

  Status read(std::vector<Edge>& edges) override {
    std::array<gpiod_line_event, batch_edges> batch;
    errno = 0;
    const int count = gpiod_line_event_read_multiple(line_, batch.data(), batch_edges);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    // A read of nothing fails with EIO here; both mean that nobody is left to write edges.
    if (count <= 0) return errno_error(errno != 0 ? errno : ENODEV, "read edges");
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      const auto& e = batch[i];
      edges.push_back(
          {e.event_type == GPIOD_LINE_EVENT_RISING_EDGE,
           MonotonicTime{std::chrono::seconds{e.ts.tv_sec} + std::chrono::nanoseconds{e.ts.tv_nsec}}, 0});
    }
    return {};
  }

  Result<bool> active() override { return libgpiod_level(line_); }

 private:
  Chip chip_;
  gpiod_line* line_;  // owned by chip_
};

}  // namespace

Capabilities libgpiod_capabilities() noexcept {
  static const std::string name = std::string("libgpiod ") + gpiod_version_string();
  return {name.c_str(), false, false};
}

Result<std::unique_ptr<Line>> open_libgpiod_line(const LineRequest& request) {
  Chip chip(gpiod_chip_open(request.chip_path.c_str()));
  if (!chip) return errno_error(errno, "open '" + request.chip_path + "'");
  const auto doing = "request line " + std::to_string(request.offset) + " of '" + request.chip_path + "'";
  gpiod_line* line = gpiod_chip_get_line(chip.get(), request.offset);
  if (line == nullptr) return errno_error(errno, doing);
  const gpiod_line_request_config config{request.consumer.c_str(), GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES,
                                         flags_of(request)};
  if (gpiod_line_request(line, &config, 0) < 0) return errno_error(errno, doing);
  if (::fcntl(gpiod_line_event_get_fd(line), F_SETFL, O_NONBLOCK) < 0) {
    return errno_error(errno, "make line non-blocking");
  }
  return std::unique_ptr<Line>(std::make_unique<Libgpiod1Line>(std::move(chip), line));
}

}  // namespace porchlight::gpio
