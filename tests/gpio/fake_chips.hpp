// SPDX-License-Identifier: Apache-2.0
// The tests' end of the fake chips' control socket; gpiofake.c has the commands.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::gpio {

// The chips every test finds; set in main.cpp. gpiochip4 is a Raspberry Pi 5's header, the others are
// there to be mistaken for it.
inline constexpr const char* fake_chips_spec =
    "gpiochip0:raspberrypi-exp-gpio:8:EXP,gpiochip4:pinctrl-rp1:54:GPIO,gpiochip7:usb-expander:8:USB:absent";
inline constexpr const char* header_chip = "gpiochip4";

// One edge of a burst.
struct Level {
  MonotonicTime at{};
  int level = 0;  // physical
};

class FakeChips {
 public:
  FakeChips();
  // Sends one datagram and waits for the answer, without its last newline. Fails the test on `error`.
  std::string tell(const std::string& commands);
  // Drives a line of the header chip, at one instant as the program sees it.
  void drive(unsigned line, const std::vector<Level>& burst);

 private:
  UniqueFd socket_;
};

// Every test begins with the chips as they were at the start.
class FakeChipsTest : public ::testing::Test {
 protected:
  void SetUp() override { chips.tell("reset"); }
  FakeChips chips;
};

// Starts this program again under the fake, unless it runs under it already.
void run_under_fake(char** arguments);

}  // namespace porchlight::gpio
