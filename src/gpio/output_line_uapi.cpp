// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/gpio.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "gpio/output_line.hpp"
#include "gpio/uapi_level.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::gpio {
namespace {

class UapiOutput final : public OutputLine {
 public:
  explicit UapiOutput(UniqueFd fd) : fd_(std::move(fd)) {}

  Status set(bool active) override {
    gpio_v2_line_values values{active ? 1U : 0U, 1};
    if (::ioctl(fd_.get(), GPIO_V2_LINE_SET_VALUES_IOCTL, &values) < 0)
      return errno_error(errno, "write level");
    return {};
  }

  Result<bool> active() override { return uapi_level(fd_.get()); }

 private:
  UniqueFd fd_;
};

}  // namespace

Result<std::unique_ptr<OutputLine>> open_uapi_output(const OutputRequest& request) {
  UniqueFd chip(::open(request.chip_path.c_str(), O_RDWR | O_CLOEXEC));
  if (!chip) return errno_error(errno, "open '" + request.chip_path + "'");
  gpio_v2_line_request q{};  // without an attribute of values the level is 0: off
  q.num_lines = 1;
  q.offsets[0] = request.offset;
  request.consumer.copy(q.consumer, sizeof q.consumer - 1);
  q.config.flags = GPIO_V2_LINE_FLAG_OUTPUT;
  if (request.active_low) q.config.flags |= GPIO_V2_LINE_FLAG_ACTIVE_LOW;
  if (::ioctl(chip.get(), GPIO_V2_GET_LINE_IOCTL, &q) < 0) {
    return errno_error(errno,
                       "request line " + std::to_string(request.offset) + " of '" + request.chip_path + "'");
  }
  return std::unique_ptr<OutputLine>(std::make_unique<UapiOutput>(UniqueFd(q.fd)));
}

}  // namespace porchlight::gpio
