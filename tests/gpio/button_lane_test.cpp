// SPDX-License-Identifier: Apache-2.0
#include "porchlight/gpio/button_lane.hpp"

#include <gmock/gmock.h>

#include <set>

#include "gpio/fake_chips.hpp"
#include "gpio/line.hpp"
#include "gpio/running_lane.hpp"
#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;
using event::Ring;
using event::TriggerSource;
using ::testing::IsEmpty;

std::vector<Ring> rings_of(const RunningLane::Events& events) {
  std::vector<Ring> rings;
  for (const auto& e : events) {
    if (const auto* ring = std::get_if<Ring>(&e)) rings.push_back(*ring);
  }
  return rings;
}

ButtonOptions virtual_button() {
  ButtonOptions options;
  options.id = "gate";
  options.kind = ButtonKind::virtual_button;
  return options;
}

class ButtonLaneTest : public FakeChipsTest, public ::testing::WithParamInterface<Backend> {
 protected:
  bool kernel_debounce() const { return capabilities(GetParam()).kernel_debounce; }
  void contact(MonotonicTime at) { chips.drive(17, {{at, 0}, {at + 200ms, 1}}); }
  const SystemClock clock;
  const MonotonicTime then = clock.now() - 10s;
};

TEST_P(ButtonLaneTest, OneBouncingContactIsOneRing) {
  RunningLane lane({door(GetParam())});
  std::vector<Level> bounce;
  for (int i = 0; i < 13; ++i) bounce.push_back({then + i * 2ms, i % 2});  // ends pressed
  for (int i = 0; i < 13; ++i) bounce.push_back({then + 1s + i * 2ms, (i + 1) % 2});
  chips.drive(17, {bounce.begin(), bounce.begin() + 13});
  const auto ring = lane.next<Ring>();
  chips.drive(17, {bounce.begin() + 13, bounce.end()});
  EXPECT_EQ(ring.button_id, "front");
  EXPECT_EQ(ring.camera_id, "porch");
  EXPECT_EQ(ring.source, TriggerSource::button_press);
  EXPECT_EQ(ring.header.edge, kernel_debounce() ? then + 24ms + 30ms : then);
  EXPECT_THAT(lane.settle("front"), IsEmpty());
}

TEST_P(ButtonLaneTest, WallTimeIsThatOfTheEdgeAndNotOfItsReading) {
  auto options = door(GetParam());
  options.debounce = 0ms;
  RunningLane lane({options});
  const auto long_ago = clock.now() - 1h;
  chips.drive(17, {{long_ago, 0}});
  const auto ring = lane.next<Ring>();
  EXPECT_EQ(ring.header.edge, long_ago);
  const auto age = clock.wall() - ring.header.at;
  EXPECT_GE(age, 1h);
  EXPECT_LT(age, 1h + 1min);
  EXPECT_EQ(ring.header.id.text().substr(0, 13),
            event::EventId::generate(ring.header.at).text().substr(0, 13));
}

TEST_P(ButtonLaneTest, EveryContactRingsAndEachHasItsOwnId) {
  RunningLane lane({door(GetParam())});
  std::set<event::EventId> ids;
  for (int i = 0; i < 20; ++i) {
    contact(then + i * 300ms);
    ids.insert(lane.next<Ring>().header.id);
  }
  EXPECT_EQ(ids.size(), 20U);
  EXPECT_EQ(lane->status()[0].presses, 20U);
}

TEST_P(ButtonLaneTest, PressAfterPressWithoutReleaseRingsTwice) {
  RunningLane lane({door(GetParam())});
  chips.drive(17, {{then, 0}});
  lane.next<Ring>();
  chips.tell("edge GPIO17=0 @" + std::to_string((then + 1s).time_since_epoch().count()));
  EXPECT_EQ(lane.next<Ring>().header.edge, then + 1s);
}

TEST_P(ButtonLaneTest, ActiveHighWithPullDownRings) {
  auto options = door(GetParam());
  options.active_low = false;
  options.bias = Bias::pull_down;
  options.debounce = 0ms;
  RunningLane lane({options});
  EXPECT_THAT(lane.settle("front"), IsEmpty());
  chips.drive(17, {{then, 1}});
  EXPECT_EQ(lane.next<Ring>().header.edge, then);
}

TEST_P(ButtonLaneTest, TheConfiguredDebounceIsUsed) {
  auto options = door(GetParam());
  options.debounce = 500ms;
  RunningLane lane({options});
  chips.drive(17, {{then, 0}, {then + 300ms, 1}, {then + 600ms, 0}, {then + 2s, 1}});
  lane.next<Ring>();
  EXPECT_THAT(rings_of(lane.settle("front")), IsEmpty());
}

TEST_P(ButtonLaneTest, ALineHeldAtTheStartDoesNotRing) {
  chips.drive(17, {{then, 0}});
  RunningLane lane({door(GetParam())});
  EXPECT_THAT(lane.settle("front"), IsEmpty());
  EXPECT_NE(lane->status()[0].state, ButtonState::idle);
}

TEST_P(ButtonLaneTest, FindsTheLineByNumberNameAndLabel) {
  const std::pair<std::string, std::string> places[] = {{"auto", "17"},
                                                        {"auto", "GPIO17"},
                                                        {"gpiochip4", "17"},
                                                        {"/dev/gpiochip4", "GPIO17"},
                                                        {"pinctrl-rp1", "17"}};
  for (const auto& [chip, line] : places) {
    SCOPED_TRACE(chip + " " + line);
    chips.tell("reset");
    auto options = door(GetParam());
    options.chip = chip;
    options.line = line;
    RunningLane lane({options});
    contact(then);
    EXPECT_EQ(lane.next<Ring>().button_id, "front");
  }
}

TEST_P(ButtonLaneTest, TwoButtonsEachRingForThemselves) {
  auto back = door(GetParam());
  back.id = "back";
  back.camera = "";
  back.line = "GPIO27";
  RunningLane lane({door(GetParam()), back});
  chips.drive(27, {{then, 0}, {then + 1s, 1}});
  const auto ring = lane.next<Ring>();
  EXPECT_EQ(ring.button_id, "back");
  EXPECT_EQ(ring.camera_id, "");
  contact(then);
  EXPECT_EQ(lane.next<Ring>().button_id, "front");
}

TEST_P(ButtonLaneTest, StatusTellsTheBackendTheLastEdgeAndWhatIsUnknown) {
  RunningLane lane({door(GetParam())});
  EXPECT_EQ(lane->status()[0].last_edge, std::nullopt);
  contact(then);
  lane.next<Ring>();
  lane.settle("front");
  const auto status = lane->status()[0];
  EXPECT_EQ(status.backend, capabilities(GetParam()).name);
  ASSERT_TRUE(status.last_edge);
  EXPECT_GE(*status.last_edge, then + 200ms);
  EXPECT_EQ(status.lost_edges.has_value(), capabilities(GetParam()).sequence_numbers);
  EXPECT_EQ(status.presses, 3U);
}

INSTANTIATE_TEST_SUITE_P(Backends, ButtonLaneTest, ::testing::Values(Backend::automatic, Backend::uapi),
                         backend_name);

using VirtualButton = FakeChipsTest;

TEST_F(VirtualButton, RingsWithTheRequestOfWhoeverAsked) {
  RunningLane lane({virtual_button()});
  telemetry::LogContext asked;
  asked.request_id = "r-1";
  {
    const telemetry::ContextScope scope(asked);
    ASSERT_TRUE(lane->press("gate", TriggerSource::api));
  }
  EXPECT_EQ(event::request_of(lane.next<Ring>().header), "r-1");
  ASSERT_TRUE(lane->press("gate", TriggerSource::cli));
  const auto own = lane.next<Ring>().header;
  EXPECT_EQ(event::request_of(own), own.id.text());
}

TEST_F(VirtualButton, RingsWithTheSourceAndTheIdThatTheCallerWasGiven) {
  RunningLane lane({virtual_button()});
  const auto trace = event::TraceContext::start();
  const auto id = lane->press("gate", TriggerSource::api, trace);
  ASSERT_TRUE(id);
  const auto ring = lane.next<Ring>();
  EXPECT_EQ(ring.header.id, *id);
  EXPECT_EQ(ring.header.trace.trace_text(), trace.trace_text());
  EXPECT_EQ(ring.source, TriggerSource::api);
  EXPECT_EQ(ring.button_id, "gate");
  EXPECT_EQ(lane->status()[0].backend, "virtual");
}

TEST_F(VirtualButton, ACommandRingsAButtonOfTheChipToo) {
  RunningLane lane({door(), virtual_button()});
  const auto id = lane->press("front", TriggerSource::cli);
  ASSERT_TRUE(id);
  const auto ring = lane.next<Ring>();
  EXPECT_EQ(ring.header.id, *id);
  EXPECT_EQ(ring.camera_id, "porch");
}

TEST_F(VirtualButton, ManyThreadsLoseNothing) {
  RunningLane lane({virtual_button()});
  std::mutex mutex;
  std::set<event::EventId> given;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        auto id = lane->press("gate", TriggerSource::test);
        while (!id) id = lane->press("gate", TriggerSource::test);  // full: the caller is told
        const std::lock_guard lock(mutex);
        given.insert(*id);
      }
    });
  }
  std::set<event::EventId> rung;
  for (int i = 0; i < 1600; ++i) rung.insert(lane.next<Ring>().header.id);
  threads.clear();
  EXPECT_EQ(rung.size(), 1600U);
  EXPECT_EQ(rung, given);
}

TEST_F(VirtualButton, UnknownAndDisabledButtonsAreRefused) {
  auto off = virtual_button();
  off.id = "off";
  off.enabled = false;
  RunningLane lane({virtual_button(), off});
  EXPECT_EQ(lane->press("nobody", TriggerSource::cli).error().code(), ErrorCode::not_found);
  EXPECT_EQ(lane->press("off", TriggerSource::cli).error().code(), ErrorCode::not_found);
  EXPECT_EQ(lane->status()[1].state, ButtonState::disabled);
}

TEST_F(VirtualButton, AFullQueueIsSaidAndCounted) {
  const SystemClock clock;
  auto lane = ButtonLane::create({virtual_button()}, clock, [](const event::Event&) {}).value();
  for (std::size_t i = 0; i < lane->queue_capacity(); ++i)
    ASSERT_TRUE(lane->press("gate", TriggerSource::cli));
  const auto refused = lane->press("gate", TriggerSource::cli);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::resource);
  EXPECT_EQ(lane->queue_dropped(), 1U);
  EXPECT_EQ(lane->queue_size(), lane->queue_capacity());
}

TEST_F(VirtualButton, WhatWasAskedBeforeTheLaneRunsIsRungWhenItDoes) {
  const SystemClock clock;
  std::vector<event::EventId> rung;
  auto lane = ButtonLane::create({virtual_button()}, clock, [&](const event::Event& e) {
                rung.push_back(event::header_of(e).id);
              }).value();
  const auto id = lane->press("gate", TriggerSource::cli).value();
  Heartbeat heartbeat(clock);
  std::stop_source stop;
  std::jthread thread([&] { lane->run(stop.get_token(), heartbeat); });
  while (lane->status()[0].presses == 0) std::this_thread::yield();
  stop.request_stop();
  thread.join();
  EXPECT_THAT(rung, ::testing::ElementsAre(id));
}

TEST_F(VirtualButton, TheLaneRunsAgainAfterItWasStopped) {
  const SystemClock clock;
  std::atomic<int> rung{0};
  auto lane = ButtonLane::create({door()}, clock, [&](const event::Event& e) {
                rung += std::holds_alternative<Ring>(e);
              }).value();
  Heartbeat heartbeat(clock);
  for (int round = 1; round <= 2; ++round) {
    std::jthread thread([&](std::stop_token stop) { lane->run(stop, heartbeat); });
    chips.tell("await GPIO17");
    while (!lane->armed()) std::this_thread::yield();
    const auto at = clock.now() - 1min + round * 1s;
    chips.drive(17, {{at, 0}, {at + 200ms, 1}});
    while (rung != round) std::this_thread::yield();
  }
}

}  // namespace
}  // namespace porchlight::gpio
