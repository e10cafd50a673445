// SPDX-License-Identifier: Apache-2.0
// libgpiod 2 (Debian 13): the kernel's second interface, with its debounce and its numbered edges.
#include <fcntl.h>
#include <gpiod.h>

#include <cerrno>

#include "gpio/libgpiod2.hpp"
#include "gpio/line.hpp"

namespace porchlight::gpio {
namespace {

constexpr std::size_t kernel_buffer_edges = 64;

using EdgeBuffer = std::unique_ptr<gpiod_edge_event_buffer, FreeWith<gpiod_edge_event_buffer_free>>;

gpiod_line_bias bias_of(Bias bias) {
  switch (bias) {
    case Bias::pull_up:
      return GPIOD_LINE_BIAS_PULL_UP;
    case Bias::pull_down:
      return GPIOD_LINE_BIAS_PULL_DOWN;
    case Bias::disabled:
      return GPIOD_LINE_BIAS_DISABLED;
    case Bias::as_is:
      return GPIOD_LINE_BIAS_AS_IS;
  }
  return GPIOD_LINE_BIAS_AS_IS;
}

Settings settings_of(const LineRequest& request) {
  Settings settings(gpiod_line_settings_new());
  if (!settings) return settings;
  gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_INPUT);
  gpiod_line_settings_set_edge_detection(settings.get(), GPIOD_LINE_EDGE_BOTH);
  gpiod_line_settings_set_bias(settings.get(), bias_of(request.bias));
  gpiod_line_settings_set_active_low(settings.get(), request.active_low);
  gpiod_line_settings_set_event_clock(settings.get(), GPIOD_LINE_CLOCK_MONOTONIC);
  gpiod_line_settings_set_debounce_period_us(settings.get(),
                                             static_cast<unsigned long>(request.debounce.count()));
  return settings;
}

class Libgpiod2Line final : public Line {
 public:
  Libgpiod2Line(Request request, EdgeBuffer buffer, unsigned offset)
      : request_(std::move(request)), buffer_(std::move(buffer)), offset_(offset) {}

  int fd() const noexcept override { return gpiod_line_request_get_fd(request_.get()); }

  Status read(std::vector<Edge>& edges) override {
    errno = 0;
    const int count = gpiod_line_request_read_edge_events(request_.get(), buffer_.get(), kernel_buffer_edges);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    // A read of nothing fails with EIO here; both mean that nobody is left to write edges.
    if (count <= 0) return errno_error(errno != 0 ? errno : ENODEV, "read edges");
    for (unsigned long i = 0; i < static_cast<unsigned long>(count); ++i) {
      auto* e = gpiod_edge_event_buffer_get_event(buffer_.get(), i);
      edges.push_back({gpiod_edge_event_get_event_type(e) == GPIOD_EDGE_EVENT_RISING_EDGE,
                       MonotonicTime{std::chrono::nanoseconds{gpiod_edge_event_get_timestamp_ns(e)}},
                       static_cast<std::uint32_t>(gpiod_edge_event_get_line_seqno(e))});
    }
    return {};
  }

  Result<bool> active() override { return libgpiod_level(request_.get(), offset_); }

 private:
  Request request_;
  EdgeBuffer buffer_;
  unsigned offset_;
};

Request request_lines(gpiod_chip* chip, const LineRequest& request) {
  const auto settings = settings_of(request);
  LineConfig lines(gpiod_line_config_new());
  RequestConfig config(gpiod_request_config_new());
  if (!settings || !lines || !config) return nullptr;
  if (gpiod_line_config_add_line_settings(lines.get(), &request.offset, 1, settings.get()) < 0)
    return nullptr;
  gpiod_request_config_set_consumer(config.get(), request.consumer.c_str());
  gpiod_request_config_set_event_buffer_size(config.get(), kernel_buffer_edges);
  return Request(gpiod_chip_request_lines(chip, config.get(), lines.get()));
}

}  // namespace

Capabilities libgpiod_capabilities() noexcept {
  static const std::string name = std::string("libgpiod ") + gpiod_api_version();
  return {name.c_str(), true, true};
}

Result<std::unique_ptr<Line>> open_libgpiod_line(const LineRequest& request) {
  Chip chip(gpiod_chip_open(request.chip_path.c_str()));
  if (!chip) return errno_error(errno, "open '" + request.chip_path + "'");
  auto lines = request_lines(chip.get(), request);
  if (!lines) {
    return errno_error(errno,
                       "request line " + std::to_string(request.offset) + " of '" + request.chip_path + "'");
  }
  EdgeBuffer buffer(gpiod_edge_event_buffer_new(kernel_buffer_edges));
  if (!buffer) return errno_error(errno, "allocate edge buffer");
  if (::fcntl(gpiod_line_request_get_fd(lines.get()), F_SETFL, O_NONBLOCK) < 0) {
    return errno_error(errno, "make line non-blocking");
  }
  return std::unique_ptr<Line>(
      std::make_unique<Libgpiod2Line>(std::move(lines), std::move(buffer), request.offset));
}

}  // namespace porchlight::gpio
