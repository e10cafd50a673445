// SPDX-License-Identifier: Apache-2.0
#include "porchlight/gpio/options.hpp"

#include <gmock/gmock.h>

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Read {
  std::vector<ButtonOptions> buttons;
  std::vector<std::string> faults;
};

Read read(const std::string& yaml) {
  config::Faults faults;
  const auto document = config::Document::parse(yaml, "porchlight.yaml", faults);
  auto root = document.root();
  Read result;
  result.buttons = read_buttons(root, {"front", "garden"});
  root.finish();
  for (const auto& fault : faults.all()) result.faults.push_back(fault.text());
  return result;
}

TEST(ButtonKeys, DefaultsAreAButtonToGroundOnTheHeader) {
  const auto [buttons, faults] = read("buttons:\n  - {id: front, line: 17}\n");
  EXPECT_THAT(faults, IsEmpty());
  ButtonOptions expected;
  expected.id = expected.name = "front";
  expected.line = "17";
  EXPECT_THAT(buttons, ElementsAre(expected));
  EXPECT_EQ(buttons[0].debounce, 30ms);
  EXPECT_EQ(buttons[0].bias, Bias::pull_up);
  EXPECT_TRUE(buttons[0].active_low);
  EXPECT_EQ(buttons[0].chip, "auto");
}

TEST(ButtonKeys, EveryKeyIsRead) {
  const auto [buttons, faults] = read(
      "buttons:\n"
      "  - {id: a, name: Front door, camera: front, kind: gpio, chip: pinctrl-rp1, line: GPIO17, active_low: "
      "false,\n"
      "     bias: pull-down, debounce: 5ms, hold_after: 1s, stuck_after: 2m, backend: uapi, enabled: false}\n"
      "  - {id: b, kind: virtual, camera: garden}\n");
  EXPECT_THAT(faults, IsEmpty());
  ASSERT_EQ(buttons.size(), 2U);
  const ButtonOptions expected{
      "a", "Front door", "front", ButtonKind::gpio, "pinctrl-rp1", "GPIO17", false, Bias::pull_down,
      5ms, 1s,           2min,    Backend::uapi,    false};
  EXPECT_EQ(buttons[0], expected);
  EXPECT_EQ(buttons[1].kind, ButtonKind::virtual_button);
  EXPECT_EQ(buttons[1].camera, "garden");
}

TEST(ButtonKeys, WithoutButtonsThereAreNone) {
  EXPECT_THAT(read("{}\n").buttons, IsEmpty());
}

struct Bad {
  std::string entry;
  std::string fault;
};
class BadButton : public ::testing::TestWithParam<Bad> {};

TEST_P(BadButton, IsNamedWithItsPlaceAndMend) {
  const auto faults = read("buttons:\n  - {" + GetParam().entry + "}\n").faults;
  ASSERT_EQ(faults.size(), 1U) << ::testing::PrintToString(faults);
  EXPECT_THAT(faults[0], HasSubstr("porchlight.yaml:2:"));
  EXPECT_THAT(faults[0], HasSubstr(GetParam().fault));
}

INSTANTIATE_TEST_SUITE_P(
    Entries, BadButton,
    ::testing::Values(Bad{"id: a", "needs its line"}, Bad{"id: a, line: 1, debounce: 2s", "debounce"},
                      Bad{"id: a, line: 1, debounce: 30", "debounce"},
                      Bad{"id: a, line: 1, bias: up", "pull-up"},
                      Bad{"id: a, line: 1, backend: sysfs", "uapi"},
                      Bad{"id: a, kind: knob, line: 1", "virtual"},
                      Bad{"id: a, line: 1, camera: frnt", "did you mean 'front'"},
                      Bad{"id: a, kind: virtual, line: 1", "a virtual button has no line"},
                      Bad{"id: a, line: 1, hold_after: 2s, stuck_after: 1s", "shorter than stuck_after"},
                      Bad{"id: a, line: 1, debunce: 1ms", "debounce"}, Bad{"line: 1", "id"},
                      Bad{"id: A-1, line: 1", "id"}, Bad{"id: a, line: 1, chip: ''", "auto"}));

TEST(ButtonKeys, TheSameIdOrLineTwiceIsAFault) {
  const auto faults = read(
                          "buttons:\n"
                          "  - {id: a, line: 17}\n"
                          "  - {id: a, line: 18}\n"
                          "  - {id: b, line: 17}\n"
                          "  - {id: c, line: 17, enabled: false}\n")
                          .faults;
  EXPECT_THAT(faults, ElementsAre(HasSubstr("two buttons have the id 'a'"),
                                  HasSubstr("another button has this line")));
}

}  // namespace
}  // namespace porchlight::gpio
