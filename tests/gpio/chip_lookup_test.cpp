// SPDX-License-Identifier: Apache-2.0
#include "gpio/chip_lookup.hpp"

#include <gmock/gmock.h>

#include "gpio/fake_chips.hpp"

namespace porchlight::gpio {
namespace {

using ::testing::HasSubstr;

class ChipLookup : public FakeChipsTest {
 protected:
  static std::string place(const std::string& chip, const std::string& line) {
    const auto found = find_line(chip, line);
    return found ? found->chip_path + ":" + std::to_string(found->offset) : found.error().text();
  }
  static ErrorCode fault(const std::string& chip, const std::string& line) {
    const auto found = find_line(chip, line);
    return found ? ErrorCode::internal : found.error().code();
  }
};

TEST_F(ChipLookup, AutoTakesTheHeaderChipForANumberThoughItIsNotTheFirst) {
  EXPECT_EQ(place("auto", "17"), "/dev/gpiochip4:17");
}

TEST_F(ChipLookup, AutoTakesTheChipThatHasALineOfTheName) {
  EXPECT_EQ(place("auto", "GPIO17"), "/dev/gpiochip4:17");
  EXPECT_EQ(place("auto", "EXP3"), "/dev/gpiochip0:3");
}

TEST_F(ChipLookup, AutoTakesTheFirstChipForANumberWhereNoneIsAHeader) {
  chips.tell("gone gpiochip4\nback gpiochip7");
  EXPECT_EQ(place("auto", "5"), "/dev/gpiochip0:5");
}

TEST_F(ChipLookup, TakesAChipByNamePathAndLabel) {
  EXPECT_EQ(place("gpiochip0", "3"), "/dev/gpiochip0:3");
  EXPECT_EQ(place("/dev/gpiochip4", "3"), "/dev/gpiochip4:3");
  EXPECT_EQ(place("pinctrl-rp1", "GPIO3"), "/dev/gpiochip4:3");
  EXPECT_EQ(place("raspberrypi-exp-gpio", "3"), "/dev/gpiochip0:3");
}

TEST_F(ChipLookup, SaysInWordsWhatItFound) {
  const auto found = find_line("auto", "17");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text, "gpiochip4 (pinctrl-rp1) line 17 'GPIO17'");
}

TEST_F(ChipLookup, TellsAMissingChipFromAMissingLine) {
  EXPECT_EQ(fault("gpiochip7", "1"), ErrorCode::not_found);
  EXPECT_EQ(fault("gpiochip99", "1"), ErrorCode::not_found);
  EXPECT_EQ(fault("no-such-label", "1"), ErrorCode::not_found);
  EXPECT_EQ(fault("auto", "USB1"), ErrorCode::not_found);
  EXPECT_EQ(fault("gpiochip0", "8"), ErrorCode::invalid_argument);
  EXPECT_EQ(fault("gpiochip0", "GPIO17"), ErrorCode::invalid_argument);
  EXPECT_EQ(fault("auto", "54"), ErrorCode::invalid_argument);
}

TEST_F(ChipLookup, SaysWhenThereIsNoChipAtAll) {
  chips.tell("gone gpiochip0\ngone gpiochip4");
  EXPECT_THAT(place("auto", "17"), HasSubstr("no GPIO chip in '/dev'"));
}

TEST_F(ChipLookup, SaysWhenAChipMayNotBeOpened) {
  chips.tell("deny gpiochip4");
  EXPECT_EQ(fault("gpiochip4", "17"), ErrorCode::permission_denied);
  EXPECT_EQ(fault("pinctrl-rp1", "17"), ErrorCode::permission_denied);
  EXPECT_EQ(fault("auto", "GPIO17"), ErrorCode::permission_denied);
}

TEST_F(ChipLookup, AChipThatMayNotBeOpenedDoesNotSendANumberToAnotherChip) {
  chips.tell("deny gpiochip4");
  EXPECT_EQ(fault("auto", "5"), ErrorCode::permission_denied);
}

TEST_F(ChipLookup, RefusesAPathThatIsNoChip) {
  EXPECT_FALSE(find_line("/dev/null", "1"));
}

TEST_F(ChipLookup, KnowsWhoUsesALine) {
  const auto line = find_line("auto", "GPIO17");
  ASSERT_TRUE(line);
  EXPECT_EQ(user_of(*line), "");
  chips.tell("busy GPIO17");
  EXPECT_EQ(user_of(*line), "other");
}

}  // namespace
}  // namespace porchlight::gpio
