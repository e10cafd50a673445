// SPDX-License-Identifier: Apache-2.0
#include <gpiod.h>

#include <cerrno>

#include "gpio/libgpiod2.hpp"
#include "gpio/output_line.hpp"

namespace porchlight::gpio {
namespace {

class Libgpiod2Output final : public OutputLine {
 public:
  Libgpiod2Output(Request request, unsigned offset) : request_(std::move(request)), offset_(offset) {}

  Status set(bool active) override {
    const auto value = active ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
    if (gpiod_line_request_set_value(request_.get(), offset_, value) < 0)
      return errno_error(errno, "write level");
    return {};
  }

  Result<bool> active() override { return libgpiod_level(request_.get(), offset_); }

 private:
  Request request_;
  unsigned offset_;
};

Request request_line(gpiod_chip* chip, const OutputRequest& request) {
  const Settings settings(gpiod_line_settings_new());
  const LineConfig lines(gpiod_line_config_new());
  const RequestConfig config(gpiod_request_config_new());
  if (!settings || !lines || !config) return nullptr;
  gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_OUTPUT);
  gpiod_line_settings_set_active_low(settings.get(), request.active_low);
  gpiod_line_settings_set_output_value(settings.get(), GPIOD_LINE_VALUE_INACTIVE);
  if (gpiod_line_config_add_line_settings(lines.get(), &request.offset, 1, settings.get()) < 0)
    return nullptr;
  gpiod_request_config_set_consumer(config.get(), request.consumer.c_str());
  return Request(gpiod_chip_request_lines(chip, config.get(), lines.get()));
}

}  // namespace

Result<std::unique_ptr<OutputLine>> open_libgpiod_output(const OutputRequest& request) {
  const Chip chip(gpiod_chip_open(request.chip_path.c_str()));
  if (!chip) return errno_error(errno, "open '" + request.chip_path + "'");
  auto line = request_line(chip.get(), request);
  if (!line) {
    return errno_error(errno,
                       "request line " + std::to_string(request.offset) + " of '" + request.chip_path + "'");
  }
  return std::unique_ptr<OutputLine>(std::make_unique<Libgpiod2Output>(std::move(line), request.offset));
}

}  // namespace porchlight::gpio
