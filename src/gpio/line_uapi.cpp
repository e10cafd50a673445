// SPDX-License-Identifier: Apache-2.0
// The kernel's GPIO character device, second interface (linux/gpio.h, Linux 5.10 and later), without
// a library: debounce in the kernel and numbered edges on every Debian we run on.
#include <fcntl.h>
#include <linux/gpio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "gpio/line.hpp"
#include "gpio/uapi_level.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::gpio {
namespace {

constexpr std::uint32_t kernel_buffer_edges = 64;

std::uint64_t flags_of(const LineRequest& request) {
  std::uint64_t flags =
      GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING;
  if (request.active_low) flags |= GPIO_V2_LINE_FLAG_ACTIVE_LOW;
  switch (request.bias) {
    case Bias::pull_up:
      return flags | GPIO_V2_LINE_FLAG_BIAS_PULL_UP;
    case Bias::pull_down:
      return flags | GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN;
    case Bias::disabled:
      return flags | GPIO_V2_LINE_FLAG_BIAS_DISABLED;
    case Bias::as_is:
      return flags;
  }
  return flags;
}

gpio_v2_line_request kernel_request(const LineRequest& request) {
  gpio_v2_line_request q{};
  q.num_lines = 1;
  q.offsets[0] = request.offset;
  q.event_buffer_size = kernel_buffer_edges;
  request.consumer.copy(q.consumer, sizeof q.consumer - 1);
  q.config.flags = flags_of(request);
  if (request.debounce.count() > 0) {
    q.config.num_attrs = 1;
    q.config.attrs[0].mask = 1;
    q.config.attrs[0].attr.id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE;
    q.config.attrs[0].attr.debounce_period_us = static_cast<std::uint32_t>(request.debounce.count());
  }
  return q;
}

class UapiLine final : public Line {
 public:
  explicit UapiLine(UniqueFd fd) : fd_(std::move(fd)) {}

  int fd() const noexcept override { return fd_.get(); }

  Status read(std::vector<Edge>& edges) override {
    std::array<gpio_v2_line_event, kernel_buffer_edges> batch;
    const auto got = ::read(fd_.get(), batch.data(), sizeof batch);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (got < 0) return errno_error(errno, "read edges");
    if (got == 0) return errno_error(ENODEV, "read edges");
    const auto count = static_cast<std::size_t>(got) / sizeof batch[0];
    for (std::size_t i = 0; i < count; ++i) {
      edges.push_back({batch[i].id == GPIO_V2_LINE_EVENT_RISING_EDGE,
                       MonotonicTime{std::chrono::nanoseconds{batch[i].timestamp_ns}}, batch[i].line_seqno});
    }
    return {};
  }

  Result<bool> active() override { return uapi_level(fd_.get()); }

 private:
  UniqueFd fd_;
};

}  // namespace

Capabilities uapi_capabilities() noexcept {
  return {"uapi v2", true, true};
}

Result<std::unique_ptr<Line>> open_uapi_line(const LineRequest& request) {
  UniqueFd chip(::open(request.chip_path.c_str(), O_RDWR | O_CLOEXEC));
  if (!chip) return errno_error(errno, "open '" + request.chip_path + "'");
  auto q = kernel_request(request);
  if (::ioctl(chip.get(), GPIO_V2_GET_LINE_IOCTL, &q) < 0) {
    return errno_error(errno,
                       "request line " + std::to_string(request.offset) + " of '" + request.chip_path + "'");
  }
  UniqueFd fd(q.fd);
  if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) < 0) return errno_error(errno, "make line non-blocking");
  return std::unique_ptr<Line>(std::make_unique<UapiLine>(std::move(fd)));
}

}  // namespace porchlight::gpio
