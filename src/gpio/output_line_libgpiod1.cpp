// SPDX-License-Identifier: Apache-2.0
#include <gpiod.h>

#include <cerrno>

#include "gpio/libgpiod1.hpp"
#include "gpio/output_line.hpp"

namespace porchlight::gpio {
namespace {

class Libgpiod1Output final : public OutputLine {
 public:
  Libgpiod1Output(Chip chip, gpiod_line* line) : chip_(std::move(chip)), line_(line) {}

  Status set(bool active) override {
    if (gpiod_line_set_value(line_, active ? 1 : 0) < 0) return errno_error(errno, "write level");
    return {};
  }

  Result<bool> active() override { return libgpiod_level(line_); }

 private:
  Chip chip_;
  gpiod_line* line_;  // owned by chip_
};

}  // namespace

Result<std::unique_ptr<OutputLine>> open_libgpiod_output(const OutputRequest& request) {
  Chip chip(gpiod_chip_open(request.chip_path.c_str()));
  if (!chip) return errno_error(errno, "open '" + request.chip_path + "'");
  const auto doing = "request line " + std::to_string(request.offset) + " of '" + request.chip_path + "'";
  gpiod_line* line = gpiod_chip_get_line(chip.get(), request.offset);
  if (line == nullptr) return errno_error(errno, doing);
  const gpiod_line_request_config config{request.consumer.c_str(), GPIOD_LINE_REQUEST_DIRECTION_OUTPUT,
                                         request.active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0};
  if (gpiod_line_request(line, &config, 0) < 0) return errno_error(errno, doing);
  return std::unique_ptr<OutputLine>(std::make_unique<Libgpiod1Output>(std::move(chip), line));
}

}  // namespace porchlight::gpio
