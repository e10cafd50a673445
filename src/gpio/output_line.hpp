// SPDX-License-Identifier: Apache-2.0
// One requested output line, over the same two implementations as an input (line.hpp).
#pragma once

#include <memory>
#include <string>

#include "porchlight/base/result.hpp"
#include "porchlight/gpio/options.hpp"

namespace porchlight::gpio {

// What to ask of a line that find_line() has found.
struct OutputRequest {
  std::string chip_path{};
  unsigned offset = 0;
  bool active_low = false;
  std::string consumer = "porchlight";
};

// Thread-bound; no call waits for more than the driver's own access (nothing on a board's chip, milliseconds
// behind I²C or USB). Destruction gives the line back as it stands; what the pin does then is the driver's
// business (docs/hardware.md), so switch it off first.
class OutputLine {
 public:
  virtual ~OutputLine() = default;
  virtual Status set(bool active) = 0;
  // Asks the chip for the level, after active_low: an error means that the line is gone.
  virtual Result<bool> active() = 0;
};

// The line is off from the request on, whatever it was before. already_exists: in use by another program.
Result<std::unique_ptr<OutputLine>> open_output_line(Backend backend, const OutputRequest& request);

// The two implementations behind it.
Result<std::unique_ptr<OutputLine>> open_uapi_output(const OutputRequest& request);
Result<std::unique_ptr<OutputLine>> open_libgpiod_output(const OutputRequest& request);

}  // namespace porchlight::gpio
