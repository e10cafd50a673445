// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "gpio/fake_chips.hpp"

int main(int count, char** arguments) {
  porchlight::gpio::run_under_fake(arguments);
  ::testing::InitGoogleMock(&count, arguments);
  return RUN_ALL_TESTS();
}
