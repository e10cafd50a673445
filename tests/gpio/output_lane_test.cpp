// SPDX-License-Identifier: Apache-2.0
// The lane on a thread of its own, over the fake chips.
#include "porchlight/gpio/output_lane.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "gpio/fake_chips.hpp"

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Change {
  int level = 0;
  MonotonicTime at{};
};

OutputOptions output(const std::string& id, const std::string& line, OutputCause cause,
                     std::optional<std::chrono::milliseconds> pulse = {}) {
  OutputOptions options;
  options.id = options.name = id;
  options.line = line;
  options.cause = cause;
  options.pulse = pulse;
  return options;
}

class OutputLaneTest : public FakeChipsTest {
 protected:
  void SetUp() override {
    FakeChipsTest::SetUp();
    lane = OutputLane::create(clock, metrics.histogram("doorbell_chime_latency_seconds"), {1ms, 4ms}).value();
  }
  void TearDown() override { stop(); }

  void start(const std::vector<OutputOptions>& outputs) {
    configure(outputs);
    run();
    for (const auto& one : outputs) trace(one.line);  // what the opening left
  }
  void run() {
    thread = std::jthread([this](std::stop_token stop) { lane->run(stop, heartbeat); });
    while (!lane->armed()) std::this_thread::yield();
  }
  void configure(const std::vector<OutputOptions>& outputs, const std::vector<ButtonOptions>& buttons = {}) {
    lane->configure(
        outputs, [this](const OutputOptions& one) { return resolve_instruments(metrics, one); }, buttons);
  }
  void stop() {
    thread.request_stop();
    if (thread.joinable()) thread.join();
  }
  // What happened to a line since the last time; waits for `least` changes.
  std::vector<Change> trace(const std::string& line, std::size_t least = 0) {
    std::vector<Change> all;
    const auto deadline = clock.now() + 20s;
    for (;;) {
      std::istringstream words(chips.tell("trace " + line));
      for (std::string word; words >> word && word != "none";)
        all.push_back({word[0] - '0', MonotonicTime{std::chrono::nanoseconds{std::stoll(word.substr(2))}}});
      if (all.size() >= least || clock.now() > deadline) return all;
      std::this_thread::sleep_for(1ms);
    }
  }
  static std::vector<int> levels(const std::vector<Change>& changes) {
    std::vector<int> all;
    for (const auto& change : changes) all.push_back(change.level);
    return all;
  }
  Status pulse(const std::string& id) {
    std::promise<Status> done;
    lane->pulse(id, clock.now() + 1min, [&](Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }
  OutputStatus status(std::size_t index = 0) { return lane->observer()().at(index); }
  void await(OutputState state, std::size_t index = 0) {
    const auto deadline = clock.now() + 20s;
    while (status(index).state != state && clock.now() < deadline) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(to_string(status(index).state), to_string(state));
  }
  // Once; waits for it.
  void await_switched_on(std::size_t index) {
    const auto deadline = clock.now() + 20s;
    while (status(index).switched_on == 0 && clock.now() < deadline) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(status(index).switched_on, 1U);
  }
  bool exposes(const std::string& line) {
    return ("\n" + metrics.exposition()).find("\n" + line + "\n") != std::string::npos;
  }
  telemetry::ClosedSets sets() {
    telemetry::ClosedSets made;
    made.output_ids = {"chime", "lamp", "green", "yellow", "door"};
    return made;
  }

  SystemClock clock;
  telemetry::Metrics metrics{sets()};
  Heartbeat heartbeat{clock};
  std::unique_ptr<OutputLane> lane;
  std::jthread thread;
};

TEST_F(OutputLaneTest, ARingSoundsTheChimeForItsPulse) {
  start(
      {output("chime", "GPIO27", OutputCause::ring, 60ms), output("lamp", "GPIO5", OutputCause::off, 60ms)});
  const auto edge = clock.now();
  lane->ring(edge);
  const auto seen = trace("GPIO27", 2);
  ASSERT_THAT(levels(seen), ElementsAre(1, 0));
  EXPECT_GE(seen[0].at, edge);
  EXPECT_GE(seen[1].at - seen[0].at, 60ms);
  EXPECT_TRUE(trace("GPIO5").empty()) << "nothing but the chime";
  EXPECT_TRUE(exposes("doorbell_chime_latency_seconds_count 1"));
}

TEST_F(OutputLaneTest, EveryChimeSounds) {
  start(
      {output("chime", "GPIO27", OutputCause::ring, 20ms), output("lamp", "GPIO5", OutputCause::ring, 20ms)});
  lane->ring(clock.now());
  EXPECT_THAT(levels(trace("GPIO27", 2)), ElementsAre(1, 0));
  EXPECT_THAT(levels(trace("GPIO5", 2)), ElementsAre(1, 0));
}

// As after a machine that stood still: the lane has not run while somebody rang.
TEST_F(OutputLaneTest, AChimeThatWouldComeTooLateStaysSilentAndIsCounted) {
  configure({output("chime", "GPIO27", OutputCause::ring, 20ms)});
  lane->ring(clock.now() - 30s);
  lane->ring(clock.now() - 11s);
  run();
  EXPECT_EQ(status().switched_on, 0U);
  EXPECT_EQ(lane->queue_dropped(), 1U) << "rings that wait together are one";
  trace("GPIO27");  // what the opening left
  // The next one in time sounds it.
  lane->ring(clock.now());
  EXPECT_THAT(levels(trace("GPIO27", 2)), ElementsAre(1, 0));
  // And one that comes late afterwards does not hide behind it.
  lane->ring(clock.now() - 11s);
  for (int i = 0; i < 20000 && lane->queue_dropped() < 2; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(lane->queue_dropped(), 2U);
  EXPECT_EQ(status().switched_on, 1U);
}

TEST_F(OutputLaneTest, OneRingInTimeSoundsTheChimeWhateverWaitedWithIt) {
  for (const auto& edges : {std::vector{30s, 2s}, std::vector{2s, 30s}, std::vector{2s}}) {
    stop();
    SetUp();
    configure({output("chime", "GPIO27", OutputCause::ring, 20ms)});
    for (const auto ago : edges) lane->ring(clock.now() - ago);
    run();
    EXPECT_EQ(status().switched_on, 1U);
    EXPECT_EQ(lane->queue_dropped(), 0U);
  }
}

TEST_F(OutputLaneTest, AChimeInItsQuietHoursIsSilentAndATrialIsNot) {
  auto chime = output("chime", "GPIO27", OutputCause::ring, 20ms);
  chime.quiet = {"always"};
  chime.is_quiet = [](WallTime) { return true; };
  start({chime});
  lane->ring(clock.now());
  EXPECT_TRUE(pulse("chime")) << "behind the ring in the queue";
  EXPECT_THAT(levels(trace("GPIO27", 2)), ElementsAre(1, 0));
  EXPECT_EQ(status().switched_on, 1U);
}

TEST_F(OutputLaneTest, APulseOnDemandAnswersWhenTheLineIsOn) {
  start({output("door", "GPIO22", OutputCause::door, 100ms)});
  EXPECT_TRUE(pulse("door"));
  EXPECT_THAT(levels(trace("GPIO22", 2)), ElementsAre(1, 0));
  const auto unknown = pulse("window");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), ErrorCode::not_found);
  chips.tell(std::string("gone ") + header_chip);
  const auto absent = pulse("door");
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error().text(), HasSubstr("switch 'door' on: "));
}

// The lane was held; meanwhile whoever asked was told no and has gone.
TEST_F(OutputLaneTest, AnOrderThatComesTooLateSwitchesNothing) {
  configure({output("door", "GPIO22", OutputCause::door, 20ms)});
  std::promise<Status> late, last;
  lane->pulse("door", clock.now() + 20ms, [&](Status status) { late.set_value(std::move(status)); });
  std::this_thread::sleep_for(30ms);
  run();
  const auto refused = late.get_future().get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::timeout);
  EXPECT_THAT(refused.error().text(), HasSubstr("switch 'door' on: "));
  await(OutputState::off);
  EXPECT_EQ(status().switched_on, 0U);
  EXPECT_TRUE(pulse("door")) << "one in time";
  EXPECT_EQ(status().switched_on, 1U);
}

TEST_F(OutputLaneTest, WhoThrowsAtTheAnswerKeepsNoPulseOn) {
  start({output("chime", "GPIO27", OutputCause::ring, 50ms)});
  lane->pulse("chime", clock.now() + 1min, [](const Status&) { throw std::runtime_error("gone"); });
  EXPECT_THAT(levels(trace("GPIO27", 2)), ElementsAre(1, 0));
  EXPECT_TRUE(pulse("chime")) << "the lane goes on";
}

// Whatever breaks the lane, nothing stays on until it is started again.
TEST_F(OutputLaneTest, AFaultOfTheLaneSwitchesEverythingOff) {
  std::atomic<bool> breaks{false};
  auto lamp = output("lamp", "GPIO5", OutputCause::known);
  lamp.is_quiet = [&breaks](WallTime) -> bool {
    if (breaks) throw std::runtime_error("no time zone");
    return false;
  };
  configure({output("chime", "GPIO27", OutputCause::ring, 30s), lamp});
  std::atomic<bool> ended{false};
  thread = std::jthread([&](std::stop_token stop) {
    EXPECT_THROW(lane->run(stop, heartbeat), std::runtime_error);
    ended = true;
  });
  EXPECT_TRUE(pulse("chime"));
  breaks = true;
  const auto deadline = clock.now() + 20s;
  while (!ended && clock.now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(ended);
  EXPECT_THAT(chips.tell("info GPIO27"), HasSubstr("level=0"));
  EXPECT_THAT(chips.tell("info GPIO27"), HasSubstr("used=0"));
  stop();
}

TEST_F(OutputLaneTest, ARingThatCameWithTheConfigurationKeepsItsQuietHours) {
  auto chime = output("chime", "GPIO27", OutputCause::ring, 20ms);
  chime.quiet = {"always"};
  chime.is_quiet = [](WallTime) { return true; };
  configure({chime, output("lamp", "GPIO5", OutputCause::ring, 20ms)});
  lane->ring(clock.now());
  run();
  await_switched_on(1);
  EXPECT_EQ(status(0).switched_on, 0U);
}

TEST_F(OutputLaneTest, AChimeWhoseLineIsOpenDoesNotWaitForOneThatIsLookedFor) {
  lane = OutputLane::create(clock, {}, {1h, 1h}).value();
  auto far = output("lamp", "USB2", OutputCause::ring, 20ms);
  far.chip = "gpiochip7";
  start({far, output("chime", "GPIO27", OutputCause::ring, 20ms)});
  EXPECT_EQ(status(0).state, OutputState::degraded);
  chips.tell("back gpiochip7");
  lane->ring(clock.now());
  const auto near = trace("GPIO27", 2);
  const auto looked_for = trace("USB2", 3);  // its opening is one
  ASSERT_GE(near.size(), 2U);
  ASSERT_GE(looked_for.size(), 1U);
  EXPECT_LT(near.front().at, looked_for.front().at);
}

TEST_F(OutputLaneTest, TheLineOfAButtonIsNoneForAnOutputInWhateverWords) {
  ButtonOptions front;
  front.id = "front";
  front.line = "17";
  auto lamp = output("lamp", "GPIO17", OutputCause::idle);
  lamp.chip = header_chip;
  configure({lamp}, {front});
  run();
  await(OutputState::degraded);
  EXPECT_EQ(status().reason, LineTrouble::busy);
  const auto refused = pulse("lamp");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("the line of the button 'front'"));
  EXPECT_TRUE(trace("GPIO17").empty()) << "it was driven";
  configure({lamp});
  await(OutputState::on);
  configure({lamp}, {front});
  await(OutputState::degraded);
  EXPECT_THAT(chips.tell("info GPIO17"), HasSubstr("used=0"));
}

TEST_F(OutputLaneTest, LightsThatWaitDoNotSilenceARing) {
  configure({output("chime", "GPIO27", OutputCause::ring, 20ms)});
  for (std::size_t i = 0; i <= lane->queue_capacity(); ++i) lane->show(event::Security{});
  EXPECT_EQ(lane->queue_dropped(), 1U);
  for (int i = 0; i < 1000; ++i) lane->ring(clock.now());
  run();
  await_switched_on(0);
  EXPECT_EQ(lane->queue_dropped(), 1U);
}

TEST_F(OutputLaneTest, ARingOpensNoDoor) {
  start({output("door", "GPIO22", OutputCause::door, 20ms),
         output("chime", "GPIO27", OutputCause::ring, 20ms)});
  lane->ring(clock.now());
  lane->show(event::Ring{});
  lane->show(event::Security{});
  EXPECT_EQ(trace("GPIO27", 2).size(), 2U);
  EXPECT_TRUE(trace("GPIO22").empty());
}

TEST_F(OutputLaneTest, LightsShowOneStateAtATime) {
  start({output("lamp", "GPIO5", OutputCause::idle), output("yellow", "GPIO6", OutputCause::processing),
         output("green", "GPIO7", OutputCause::known)});
  await(OutputState::on, 0);
  lane->show(event::Ring{});
  await(OutputState::on, 1);
  EXPECT_EQ(status(0).state, OutputState::off);
  event::Sighting anna;
  anna.verdict = event::Verdict::known_person;
  lane->show(anna);
  await(OutputState::on, 2);
  EXPECT_EQ(status(1).state, OutputState::off);
}

TEST_F(OutputLaneTest, AFaultOfTheHouseIsShownUntilItIsOver) {
  start({output("lamp", "GPIO5", OutputCause::idle), output("yellow", "GPIO6", OutputCause::error)});
  await(OutputState::on, 0);
  lane->set_error(true);
  await(OutputState::on, 1);
  lane->set_error(false);
  await(OutputState::on, 0);
}

TEST_F(OutputLaneTest, AChipThatGoesAndComesBackIsUsedAgain) {
  start({output("chime", "GPIO27", OutputCause::ring, 20ms)});
  EXPECT_TRUE(exposes("output_active{output_id=\"chime\"} 0"));
  chips.tell(std::string("gone ") + header_chip);
  await(OutputState::degraded);
  EXPECT_FALSE(exposes("output_active{output_id=\"chime\"} 0")) << "nobody knows";
  EXPECT_TRUE(exposes(R"(errors_total{component="hardware",error_type="io",severity="error"} 1)"));
  chips.tell(std::string("back ") + header_chip);
  await(OutputState::off);
  trace("GPIO27");
  lane->ring(clock.now());
  EXPECT_THAT(levels(trace("GPIO27", 2)), ElementsAre(1, 0));
}

TEST_F(OutputLaneTest, ANewConfigurationKeepsWhatStayedAndLetsTheRestGo) {
  const auto chime = output("chime", "GPIO27", OutputCause::ring, 10s);
  start({chime, output("lamp", "GPIO5", OutputCause::idle)});
  EXPECT_TRUE(pulse("chime"));
  configure({chime, output("lamp", "GPIO6", OutputCause::idle)});
  chips.tell("await GPIO6");
  await(OutputState::on, 1);
  EXPECT_THAT(levels(trace("GPIO27", 1)), ElementsAre(1)) << "its pulse goes on";
  EXPECT_THAT(chips.tell("info GPIO5"), HasSubstr("used=0"));
  EXPECT_THAT(chips.tell("info GPIO5"), HasSubstr("level=0"));
  EXPECT_EQ(status(0).switched_on, 1U);
}

TEST_F(OutputLaneTest, ALineChangesHandsWithinOneConfiguration) {
  start({output("lamp", "GPIO5", OutputCause::idle)});
  configure({output("chime", "GPIO5", OutputCause::ring, 20ms)});
  await(OutputState::off);
  EXPECT_TRUE(pulse("chime"));
}

TEST_F(OutputLaneTest, TheEndSwitchesEverythingOff) {
  start({output("chime", "GPIO27", OutputCause::ring, 30s), output("lamp", "GPIO5", OutputCause::idle)});
  EXPECT_TRUE(pulse("chime"));
  await(OutputState::on, 1);
  stop();
  for (const std::string line : {"GPIO27", "GPIO5"}) {
    EXPECT_THAT(chips.tell("info " + line), HasSubstr("level=0"));
    EXPECT_THAT(chips.tell("info " + line), HasSubstr("used=0"));
  }
}

TEST_F(OutputLaneTest, RunsAgainAfterItReturned) {
  start({output("chime", "GPIO27", OutputCause::ring, 20ms)});
  stop();
  start({output("chime", "GPIO27", OutputCause::ring, 20ms)});
  await(OutputState::off);
  EXPECT_TRUE(pulse("chime"));
}

TEST_F(OutputLaneTest, WithoutOutputsNothingIsQueued) {
  configure({});
  lane->ring(clock.now());
  lane->show(event::Ring{});
  EXPECT_EQ(lane->queue_size(), 0U);
  EXPECT_EQ(pulse("chime").error().code(), ErrorCode::not_found);
}

TEST_F(OutputLaneTest, AQueueThatIsFullRefusesAndCounts) {
  configure({output("chime", "GPIO27", OutputCause::ring, 20ms)});  // and nothing runs
  for (std::size_t i = 0; i < lane->queue_capacity(); ++i) lane->show(event::Ring{});
  EXPECT_EQ(lane->queue_size(), lane->queue_capacity());
  EXPECT_EQ(pulse("chime").error().code(), ErrorCode::resource);
  lane->show(event::Ring{});
  EXPECT_EQ(lane->queue_dropped(), 2U);
}

}  // namespace
}  // namespace porchlight::gpio
