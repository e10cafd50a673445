// SPDX-License-Identifier: Apache-2.0
// One output over the fake chips, in a time of its own.
#include "gpio/output.hpp"

#include <gmock/gmock.h>

#include "gpio/fake_chips.hpp"
#include "porchlight/gpio/probe.hpp"

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

OutputOptions chime(Backend backend) {
  OutputOptions options;
  options.id = options.name = "chime";
  options.line = "GPIO27";
  options.pulse = 500ms;
  options.backend = backend;
  return options;
}

OutputOptions lamp(Backend backend) {
  auto options = chime(backend);
  options.id = "lamp";
  options.cause = OutputCause::known;
  options.pulse.reset();
  return options;
}

class OutputTest : public FakeChipsTest, public ::testing::WithParamInterface<Backend> {
 protected:
  std::unique_ptr<Output> opened(const OutputOptions& options) {
    auto output = std::make_unique<Output>(options, OutputInstruments{}, ReopenPause{1s, 4s});
    output->open_when_due(now);
    EXPECT_EQ(output->status().state, OutputState::off) << output->status().text();
    return output;
  }
  std::string info() { return chips.tell("info GPIO27"); }
  bool is_high() { return info().find("level=1") != std::string::npos; }
  OutputState state_after_opening(OutputOptions options, LineTrouble& reason) {
    Output output(std::move(options), {}, {1s, 4s});
    output.open_when_due(now);
    reason = output.status().reason;
    return output.status().state;
  }
  const std::string gone = std::string("gone ") + header_chip;
  const std::string back = std::string("back ") + header_chip;
  const MonotonicTime now{1h};
};

TEST_P(OutputTest, IsOffFromTheMomentItIsRequested) {
  chips.tell("GPIO27=1");
  const auto output = opened(chime(GetParam()));
  EXPECT_FALSE(is_high());
  EXPECT_THAT(info(), HasSubstr("used=1"));
  EXPECT_THAT(info(), HasSubstr("consumer=porchlight"));
}

TEST_P(OutputTest, APulseEndsWhenItsTimeIsOver) {
  const auto output = opened(chime(GetParam()));
  EXPECT_TRUE(*output->pulse(now));
  EXPECT_TRUE(is_high());
  EXPECT_EQ(output->next_deadline(), now + 500ms);
  output->advance(now + 500ms - 1ns);
  EXPECT_TRUE(is_high());
  output->advance(now + 500ms);
  EXPECT_FALSE(is_high());
  EXPECT_FALSE(output->next_deadline());
  EXPECT_EQ(output->status().switched_on, 1U);
}

TEST_P(OutputTest, RingsDuringAPulseDoNotMakeItLonger) {
  const auto output = opened(chime(GetParam()));
  EXPECT_TRUE(*output->pulse(now));
  for (auto at = 0ms; at < 500ms; at += 50ms) EXPECT_FALSE(*output->pulse(now + at));
  output->advance(now + 500ms);
  EXPECT_FALSE(is_high());
  EXPECT_TRUE(*output->pulse(now + 501ms));
  EXPECT_TRUE(*output->pulse(now + 1001ms)) << "the one before is over, although nobody looked";
  EXPECT_EQ(output->status().switched_on, 3U);
}

TEST_P(OutputTest, ActiveLowTurnsTheLevelsAround) {
  auto options = chime(GetParam());
  options.active_low = true;
  const auto output = opened(options);
  EXPECT_TRUE(is_high());
  EXPECT_TRUE(*output->pulse(now));
  EXPECT_FALSE(is_high());
  output->let_go();
  EXPECT_TRUE(is_high());
}

TEST_P(OutputTest, ALightIsOnAsLongAsItsState) {
  const auto output = opened(lamp(GetParam()));
  output->light(true, now);
  EXPECT_TRUE(is_high());
  output->advance(now + 100h);
  EXPECT_TRUE(is_high());
  output->light(true, now + 100h);
  output->light(false, now + 101h);
  EXPECT_FALSE(is_high());
  EXPECT_EQ(output->status().switched_on, 1U);
}

TEST_P(OutputTest, ALightWithAPulseShowsTheBeginningOfItsState) {
  auto options = lamp(GetParam());
  options.pulse = 100ms;
  const auto output = opened(options);
  output->light(true, now);
  EXPECT_TRUE(is_high());
  output->advance(now + 100ms);
  EXPECT_FALSE(is_high());
  output->light(true, now + 200ms);
  EXPECT_FALSE(is_high()) << "it is the same state";
  output->light(false, now + 300ms);
  output->light(true, now + 400ms);
  EXPECT_TRUE(is_high());
}

TEST_P(OutputTest, ATrialOfALightEndsAndLeavesItAsItsStateWants) {
  const auto output = opened(lamp(GetParam()));
  EXPECT_TRUE(*output->pulse(now));
  EXPECT_TRUE(is_high());
  output->advance(now + 1s);
  EXPECT_FALSE(is_high());
  EXPECT_TRUE(*output->pulse(now + 2s));
  output->light(true, now + 2s);
  output->advance(now + 3s);
  EXPECT_TRUE(is_high()) << "the state began meanwhile";
}

TEST_P(OutputTest, QuietHoursKeepALightDark) {
  auto options = lamp(GetParam());
  options.is_quiet = [](WallTime at) { return at < WallTime{10h}; };
  const auto output = opened(options);
  output->look_at_hours(WallTime{1h});
  EXPECT_TRUE(output->is_quiet());
  output->light(true, now);
  EXPECT_FALSE(is_high());
  output->look_at_hours(WallTime{10h});
  output->light(true, now);
  EXPECT_TRUE(is_high());
}

TEST_P(OutputTest, LettingGoSwitchesOffAndGivesTheLineBack) {
  const auto output = opened(chime(GetParam()));
  EXPECT_TRUE(*output->pulse(now));
  output->let_go();
  EXPECT_FALSE(is_high());
  EXPECT_THAT(info(), HasSubstr("used=0"));
  EXPECT_EQ(output->status().state, OutputState::degraded);
}

TEST_P(OutputTest, SaysWhyThereIsNoLine) {
  LineTrouble reason{};
  auto options = chime(GetParam());
  chips.tell("busy GPIO27");
  EXPECT_EQ(state_after_opening(options, reason), OutputState::degraded);
  EXPECT_EQ(reason, LineTrouble::busy);
  options.chip = header_chip;
  options.line = "99";
  EXPECT_EQ(state_after_opening(options, reason), OutputState::degraded);
  EXPECT_EQ(reason, LineTrouble::wrong_line);
  options.line = "27";
  chips.tell(std::string("deny ") + header_chip);
  EXPECT_EQ(state_after_opening(options, reason), OutputState::degraded);
  EXPECT_EQ(reason, LineTrouble::permission);
  chips.tell(gone);
  EXPECT_EQ(state_after_opening(options, reason), OutputState::degraded);
  EXPECT_EQ(reason, LineTrouble::absent);
}

TEST_P(OutputTest, AChipThatGoesAwayIsSeenAndOpenedAgain) {
  const auto output = opened(chime(GetParam()));
  EXPECT_TRUE(*output->pulse(now));
  chips.tell(gone);
  output->check_line(now + 100ms);
  EXPECT_EQ(output->status().state, OutputState::degraded);
  EXPECT_THAT(output->status().text(), HasSubstr("not there"));
  EXPECT_EQ(output->next_deadline(), now + 100ms + 1s);
  output->open_when_due(now + 1100ms);
  EXPECT_EQ(output->next_deadline(), now + 1100ms + 2s) << "the pause grows";
  chips.tell(back);
  output->open_when_due(now + 3100ms - 1ns);
  EXPECT_EQ(output->status().state, OutputState::degraded) << "not before its time";
  output->open_when_due(now + 3100ms);
  EXPECT_EQ(output->status().state, OutputState::off);
  EXPECT_FALSE(is_high()) << "a pulse that was cut off does not come back";
}

TEST_P(OutputTest, ALightIsLitAgainWhenItsLineIsBack) {
  const auto output = opened(lamp(GetParam()));
  output->light(true, now);
  chips.tell(gone);
  output->check_line(now);
  chips.tell(back);
  chips.tell("GPIO27=0");
  output->open_when_due(now + 1s);
  EXPECT_TRUE(is_high());
}

TEST_P(OutputTest, ARingOpensALineThatIsBackWithoutWaiting) {
  const auto output = opened(chime(GetParam()));
  chips.tell(gone);
  output->check_line(now);
  EXPECT_FALSE(output->pulse(now + 1ms));
  chips.tell(back);
  const auto written = output->pulse(now + 2ms);
  ASSERT_TRUE(written) << written.error().text();
  EXPECT_TRUE(is_high());
}

TEST_P(OutputTest, AWriteThatFailsIsToldAndTriedAgain) {
  const auto output = opened(chime(GetParam()));
  chips.tell(gone);
  const auto written = output->pulse(now);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().text(), HasSubstr("switch 'chime' on: write level"));
  EXPECT_EQ(output->status().state, OutputState::degraded);
}

TEST_P(OutputTest, DisabledHasNoLine) {
  auto options = chime(GetParam());
  options.enabled = false;
  Output output(options, {}, {});
  output.open_when_due(now);
  EXPECT_EQ(output.status().state, OutputState::disabled);
  EXPECT_THAT(info(), HasSubstr("used=0"));
  const auto written = output.pulse(now);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), ErrorCode::unavailable);
}

TEST_P(OutputTest, RestingSwitchesOffWhatADeadDaemonLeftOn) {
  chips.tell("GPIO27=1");
  EXPECT_TRUE(rest_output(chime(GetParam()), {}));
  EXPECT_FALSE(is_high());
  EXPECT_THAT(info(), HasSubstr("used=0"));
  const auto output = opened(chime(GetParam()));
  EXPECT_TRUE(*output->pulse(now));
  EXPECT_FALSE(rest_output(chime(GetParam()), {})) << "a daemon that lives keeps its line";
  EXPECT_TRUE(is_high());
}

TEST_P(OutputTest, ProbingDoesNotTouchTheLine) {
  chips.tell("GPIO27=1");
  const auto free = probe_output(chime(GetParam()), {});
  ASSERT_TRUE(free) << free.error().text();
  EXPECT_THAT(free->place, HasSubstr("pinctrl-rp1) line 27 'GPIO27'"));
  EXPECT_TRUE(is_high());
  chips.tell("busy GPIO27");
  EXPECT_THAT(probe_output(chime(GetParam()), {}).error().text(), HasSubstr("in use by '"));
}

TEST_P(OutputTest, ProbingFindsTheButtonThatMeansTheSameLine) {
  ButtonOptions button;
  button.id = "front";
  button.chip = header_chip;
  button.line = "27";
  const auto probed = probe_output(chime(GetParam()), {button});
  ASSERT_FALSE(probed);
  EXPECT_EQ(probed.error().code(), ErrorCode::already_exists);
  EXPECT_THAT(probed.error().text(), HasSubstr("the line of the button 'front'"));
  chips.tell("GPIO27=1");
  const auto rested = rest_output(chime(GetParam()), {button});
  ASSERT_FALSE(rested);
  EXPECT_EQ(rested.error().code(), ErrorCode::already_exists);
  EXPECT_TRUE(is_high()) << "a button's line is nobody's to drive";
  button.line = "26";
  EXPECT_TRUE(probe_output(chime(GetParam()), {button}));
}

INSTANTIATE_TEST_SUITE_P(Backends, OutputTest, ::testing::Values(Backend::automatic, Backend::uapi),
                         [](const auto& which) {
                           return which.param == Backend::uapi ? "uapi" : "libgpiod";
                         });

}  // namespace
}  // namespace porchlight::gpio
