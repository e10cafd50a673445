// SPDX-License-Identifier: Apache-2.0
#include "porchlight/gpio/probe.hpp"

#include <gmock/gmock.h>

#include "gpio/fake_chips.hpp"

namespace porchlight::gpio {
namespace {

using ::testing::HasSubstr;

class ProbeTest : public FakeChipsTest, public ::testing::WithParamInterface<Backend> {
 protected:
  Result<LineProbe> probe(const std::string& line = "GPIO17", const std::string& chip = "auto") {
    ButtonOptions button;
    button.id = "front";
    button.chip = chip;
    button.line = line;
    button.active_low = active_low;
    button.backend = GetParam();
    SimulatedClock clock;
    return probe_line(button, clock);
  }
  ErrorCode code_of(const Result<LineProbe>& result) {
    return result ? ErrorCode::internal : result.error().code();
  }

  bool active_low = true;
};

TEST_P(ProbeTest, ReadsTheLevelAndGivesTheLineBack) {
  const auto open = probe();
  ASSERT_TRUE(open.ok()) << open.error().text();
  EXPECT_THAT(open->place, HasSubstr("pinctrl-rp1) line 17 'GPIO17'"));
  EXPECT_FALSE(open->pressed);
  EXPECT_EQ(open->tells_lost_edges, GetParam() == Backend::uapi || open->backend.starts_with("libgpiod 2"));
  EXPECT_THAT(chips.tell("info GPIO17"), HasSubstr("used=0")) << "the daemon would find it busy";
  chips.tell("GPIO17=0");
  EXPECT_TRUE(probe()->pressed);
  active_low = false;
  EXPECT_FALSE(probe()->pressed);
}

TEST_P(ProbeTest, SaysWhyThereIsNoLine) {
  EXPECT_EQ(code_of(probe("GPIO99")), ErrorCode::not_found);
  EXPECT_EQ(code_of(probe("99", header_chip)), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(probe("17", "gpiochip9")), ErrorCode::not_found);
  chips.tell("busy GPIO17");
  const auto busy = probe();
  EXPECT_EQ(code_of(busy), ErrorCode::already_exists);
  EXPECT_THAT(busy.error().text(), HasSubstr("in use by '"));
  chips.tell(std::string("deny ") + header_chip);
  EXPECT_EQ(code_of(probe("17", header_chip)), ErrorCode::permission_denied);
}

INSTANTIATE_TEST_SUITE_P(Backends, ProbeTest, ::testing::Values(Backend::automatic, Backend::uapi),
                         [](const auto& which) {
                           return which.param == Backend::uapi ? "uapi" : "libgpiod";
                         });

}  // namespace
}  // namespace porchlight::gpio
