// SPDX-License-Identifier: Apache-2.0
// What the lane does when the hardware is not as it should be.
#include <gmock/gmock.h>

#include "gpio/fake_chips.hpp"
#include "gpio/line.hpp"
#include "gpio/running_lane.hpp"
#include "porchlight/gpio/button_lane.hpp"

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;
using event::ButtonFault;
using event::ButtonTrouble;
using event::Ring;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ButtonTroubleTest : public FakeChipsTest, public ::testing::WithParamInterface<Backend> {
 protected:
  void expect_ring(RunningLane& lane) {
    const auto at = SystemClock{}.now() - 1s;
    chips.drive(17, {{at, 0}, {at + 200ms, 1}});
    EXPECT_EQ(lane.next<Ring>().source, event::TriggerSource::button_press);
  }
  const std::string gone = std::string("gone ") + header_chip;
  const std::string back = std::string("back ") + header_chip;
  const MonotonicTime then = SystemClock{}.now() - 10s;
};

TEST_P(ButtonTroubleTest, WithoutAChipTheLaneStartsDegradedAndRingsOnceItIsThere) {
  chips.tell(gone);
  RunningLane lane({door(GetParam())});
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::chip_lost);
  const auto status = lane->status()[0];
  EXPECT_EQ(status.state, ButtonState::degraded);
  EXPECT_EQ(status.reason, LineTrouble::absent);
  EXPECT_THAT(status.text(), HasSubstr("not there"));
  EXPECT_THAT(lane.settle("front"), IsEmpty()) << "chip_lost is said once";
  chips.tell(back);
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::chip_back);
  expect_ring(lane);
  EXPECT_EQ(lane->status()[0].reason, LineTrouble::none);
}

TEST_P(ButtonTroubleTest, AChipThatVanishesIsOpenedAgainEachTime) {
  RunningLane lane({door(GetParam())});
  for (int i = 0; i < 3; ++i) {
    expect_ring(lane);
    chips.tell(gone);
    EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::chip_lost);
    chips.tell(back);
    EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::chip_back);
  }
  expect_ring(lane);
}

TEST_P(ButtonTroubleTest, AChipThatVanishesUnsaidIsFoundByTheLookAtTheLevel) {
  RunningLane lane({door(GetParam())});
  expect_ring(lane);
  chips.tell(std::string("mute ") + header_chip);
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::chip_lost);
  chips.tell(back);
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::chip_back);
  expect_ring(lane);
}

TEST_P(ButtonTroubleTest, AReleaseThatNobodySawIsFoundByTheLookAtTheLevel) {
  auto options = door(GetParam());
  options.stuck_after = 1h;
  RunningLane lane({options});
  chips.drive(17, {{SystemClock{}.now() - 100ms, 0}});
  lane.next<Ring>();
  lane.settle("front");
  ASSERT_NE(lane->status()[0].state, ButtonState::idle);
  chips.tell("silent GPIO17=1");
  while (lane->status()[0].state != ButtonState::idle) std::this_thread::yield();
  EXPECT_THAT(lane.settle("front"), IsEmpty());
}

TEST_P(ButtonTroubleTest, ACommandRingsWhileTheChipIsGone) {
  chips.tell(gone);
  RunningLane lane({door(GetParam())});
  const auto id = lane->press("front", event::TriggerSource::cli);
  ASSERT_TRUE(id);
  EXPECT_EQ(lane.next<Ring>().header.id, *id);
}

TEST_P(ButtonTroubleTest, ALineUsedByAnotherProgramIsDegradedWithItsOwnReason) {
  chips.tell("busy GPIO17");
  RunningLane lane({door(GetParam())});
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::chip_lost);
  const auto status = lane->status()[0];
  EXPECT_EQ(status.reason, LineTrouble::busy);
  EXPECT_THAT(status.text(), HasSubstr("used by another program"));
  chips.tell("free GPIO17");
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::chip_back);
  expect_ring(lane);
}

TEST_P(ButtonTroubleTest, MissingRightsAndAWrongLineHaveTheirOwnReasons) {
  chips.tell(std::string("deny ") + header_chip);
  auto wrong = door(GetParam());
  wrong.id = "wrong";
  wrong.chip = "gpiochip0";
  RunningLane lane({door(GetParam()), wrong});
  lane.next<ButtonTrouble>();
  lane.next<ButtonTrouble>();
  EXPECT_EQ(lane->status()[0].reason, LineTrouble::permission);
  EXPECT_EQ(lane->status()[1].reason, LineTrouble::wrong_line);
}

TEST_P(ButtonTroubleTest, OneButtonsTroubleLeavesTheOtherAlone) {
  auto other = door(GetParam());
  other.id = "other";
  other.chip = "gpiochip0";
  other.line = "EXP1";
  RunningLane lane({door(GetParam()), other});
  chips.tell("gone gpiochip0");
  EXPECT_EQ(lane.next<ButtonTrouble>().button_id, "other");
  expect_ring(lane);
}

// With a pause of an hour a lane that does not keep to it would open the chip again and again.
TEST_P(ButtonTroubleTest, AMissingChipIsTriedNoMoreOftenThanThePauseSays) {
  auto options = door(GetParam());
  options.chip = header_chip;
  chips.tell(gone);
  RunningLane lane({options}, {1h, 1h});
  lane.settle("front");
  const auto before = chips.tell(std::string("opens ") + header_chip);
  for (int i = 0; i < 50; ++i) lane.settle("front");
  EXPECT_EQ(chips.tell(std::string("opens ") + header_chip), before);
}

TEST_P(ButtonTroubleTest, AHeldButtonRingsOnceIsStuckOnceAndReleasedOnce) {
  auto options = door(GetParam());
  options.hold_after = 1ms;
  options.stuck_after = 50ms;
  RunningLane lane({options});
  chips.drive(17, {{SystemClock{}.now(), 0}});
  EXPECT_EQ(lane.next<Ring>().button_id, "front");
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::stuck);
  EXPECT_THAT(lane.settle("front"), IsEmpty());
  EXPECT_EQ(lane->status()[0].state, ButtonState::stuck);
  chips.tell("GPIO17=1");
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::released);
  lane.settle("front");
  EXPECT_EQ(lane->status()[0].state, ButtonState::idle);
}

TEST_P(ButtonTroubleTest, HeldIsAStateAndNoEvent) {
  auto options = door(GetParam());
  options.hold_after = 1ms;
  options.stuck_after = 1h;
  RunningLane lane({options});
  chips.drive(17, {{SystemClock{}.now(), 0}});
  lane.next<Ring>();
  while (lane->status()[0].state != ButtonState::held) std::this_thread::yield();
  EXPECT_THAT(lane.settle("front"), IsEmpty());
}

TEST_P(ButtonTroubleTest, AStuckLineWhoseChipWasReplacedIsReleased) {
  auto options = door(GetParam());
  options.hold_after = 1ms;
  options.stuck_after = 20ms;
  RunningLane lane({options});
  chips.drive(17, {{SystemClock{}.now(), 0}});
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::stuck);
  chips.tell(gone + "\ngpiochip4/17=1\n" + back);
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::chip_lost);
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::chip_back);
  EXPECT_EQ(lane.next<ButtonTrouble>().fault, ButtonFault::released);
}

TEST_P(ButtonTroubleTest, LostEdgesAreCountedWhereTheyCanBeKnown) {
  RunningLane lane({door(GetParam())});
  chips.tell("lose GPIO17 17");
  expect_ring(lane);
  if (!capabilities(GetParam()).sequence_numbers) {
    EXPECT_THAT(lane.settle("front"), IsEmpty());
    EXPECT_EQ(lane->status()[0].lost_edges, std::nullopt);
    EXPECT_THAT(lane->status()[0].text(), HasSubstr("lost edges unknown"));
    return;
  }
  const auto trouble = lane.next<ButtonTrouble>();
  EXPECT_EQ(trouble.fault, ButtonFault::lost_edges);
  EXPECT_EQ(trouble.lost_edges, 17U);
  EXPECT_EQ(lane->status()[0].lost_edges, 17U);
}

TEST_P(ButtonTroubleTest, CountsLostEdgesAndLostLinesInItsMetrics) {
  telemetry::ClosedSets sets;
  if (knows_lost_edges(door(GetParam()))) sets.button_ids = {"front"};
  telemetry::Metrics metrics(sets);
  const auto instruments = resolve_instruments(metrics, door(GetParam()));
  RunningLane lane({door(GetParam())}, {1ms, 4ms}, [&](const ButtonOptions&) { return instruments; });
  chips.tell("lose GPIO17 5");
  expect_ring(lane);
  chips.tell(gone);
  while (lane.next<ButtonTrouble>().fault != ButtonFault::chip_lost) {
  }
  EXPECT_EQ(instruments.line_lost.value(), 1);
  EXPECT_EQ(instruments.lost_edges.value(), capabilities(GetParam()).sequence_numbers ? 5 : 0);
  const bool is_shown = metrics.exposition().find("button_lost_edges_total{") != std::string::npos;
  EXPECT_EQ(is_shown, capabilities(GetParam()).sequence_numbers);
}

INSTANTIATE_TEST_SUITE_P(Backends, ButtonTroubleTest, ::testing::Values(Backend::automatic, Backend::uapi),
                         backend_name);

}  // namespace
}  // namespace porchlight::gpio
