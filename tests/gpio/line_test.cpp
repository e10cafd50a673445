// SPDX-License-Identifier: Apache-2.0
// The real libgpiod, and the kernel interface itself, against the fake chips.
#include "gpio/line.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>

#include "gpio/fake_chips.hpp"
#include "gpio/press_detector.hpp"

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr unsigned offset = 17;

class LineTest : public FakeChipsTest, public ::testing::WithParamInterface<Backend> {
 protected:
  bool has_v2() const { return capabilities(GetParam()).kernel_debounce; }
  std::unique_ptr<Line> open(LineRequest request = {}) const {
    request.chip_path = std::string("/dev/") + header_chip;
    request.offset = offset;
    auto line = open_line(GetParam(), request);
    EXPECT_TRUE(line) << (line ? "" : line.error().text());
    return line ? std::move(*line) : nullptr;
  }
  std::string info() { return chips.tell("info GPIO17"); }
  static short wait(const Line& line) {
    pollfd waited{line.fd(), POLLIN, 0};
    ::poll(&waited, 1, 20'000);
    return waited.revents;
  }
  static bool is_quiet(const Line& line) {
    pollfd waited{line.fd(), POLLIN, 0};
    return ::poll(&waited, 1, 0) == 0;
  }
  // Waits until there are as many.
  static std::vector<Edge> edges(Line& line, std::size_t count) {
    std::vector<Edge> all;
    while (all.size() < count && (wait(line) & POLLIN) != 0) {
      if (!line.read(all)) break;
    }
    return all;
  }
  const MonotonicTime then = SystemClock{}.now() - 10s;
};

TEST_P(LineTest, SeesBothEdgesWithTheKernelsTimestamps) {
  const auto line = open();
  chips.drive(offset, {{then, 0}, {then + 123'456'789ns, 1}});
  const auto seen = edges(*line, 2);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[0].active);
  EXPECT_EQ(seen[0].at, then);
  EXPECT_FALSE(seen[1].active);
  EXPECT_EQ(seen[1].at, then + 123'456'789ns);
}

TEST_P(LineTest, ActiveHighReadsTheOtherWayRound) {
  const auto line = open({.active_low = false, .bias = Bias::pull_down});
  EXPECT_FALSE(line->active().value());
  chips.drive(offset, {{then, 1}});
  const auto seen = edges(*line, 1);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0].active);
  EXPECT_TRUE(line->active().value());
}

TEST_P(LineTest, ActiveLowReadsPressedWhenTheLineIsPulledDown) {
  const auto line = open();
  EXPECT_FALSE(line->active().value());
  chips.drive(offset, {{then, 0}});
  EXPECT_TRUE(line->active().value());
}

TEST_P(LineTest, PassesBiasPolarityEdgesAndNameOn) {
  const std::pair<Bias, std::string> words[] = {{Bias::pull_up, "pull-up"},
                                                {Bias::pull_down, "pull-down"},
                                                {Bias::disabled, "disabled"},
                                                {Bias::as_is, "as-is"}};
  for (const auto& [bias, word] : words) {
    const auto line = open({.active_low = bias == Bias::pull_up, .bias = bias});
    EXPECT_THAT(info(), HasSubstr(" bias=" + word + " "));
    EXPECT_THAT(info(), HasSubstr(bias == Bias::pull_up ? " active_low=1 " : " active_low=0 "));
    EXPECT_THAT(info(), HasSubstr(" edges=both "));
    EXPECT_THAT(info(), HasSubstr(" consumer=porchlight"));
    EXPECT_THAT(info(), HasSubstr(has_v2() ? " abi=2 " : " abi=1 "));
  }
  EXPECT_THAT(info(), HasSubstr(" used=0 "));
}

TEST_P(LineTest, KernelDebounceFiltersWhereTheBackendHasIt) {
  if (!has_v2()) GTEST_SKIP() << "libgpiod 1 has no kernel debounce";
  const auto line = open({.debounce = 30ms});
  EXPECT_THAT(info(), HasSubstr(" debounce_us=30000 "));
  std::vector<Level> bounce;
  for (int i = 0; i < 15; ++i) bounce.push_back({then + i * 1ms, i % 2});
  bounce.push_back({then + 1s, 1});
  chips.drive(offset, bounce);
  const auto seen = edges(*line, 2);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[0].active);
  EXPECT_EQ(seen[0].at, then + 14ms + 30ms);
  EXPECT_FALSE(seen[1].active);
  EXPECT_TRUE(is_quiet(*line));
}

TEST_P(LineTest, WithoutKernelDebounceTheEdgesComeAsTheyBounce) {
  const auto line = open();
  std::vector<Level> bounce;
  for (int i = 0; i < 14; ++i) bounce.push_back({then + i * 1ms, i % 2});
  chips.drive(offset, bounce);
  EXPECT_EQ(edges(*line, 14).size(), 14U);
}

TEST_P(LineTest, NumbersItsEdgesWhereTheBackendCan) {
  const auto line = open();
  chips.drive(offset, {{then, 0}, {then + 1s, 1}, {then + 2s, 0}});
  const auto seen = edges(*line, 3);
  ASSERT_EQ(seen.size(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(seen[i].sequence, has_v2() ? i + 1 : 0);
}

TEST_P(LineTest, AnOverrunShowsInTheNumbersOrNotAtAll) {
  const auto line = open();
  std::vector<Level> storm;
  for (int i = 0; i < 100; ++i) storm.push_back({then + i * 1ms, i % 2});
  chips.drive(offset, storm);
  PressDetector detector(PressTiming{});
  Findings found;
  std::vector<Edge> seen;
  while (!is_quiet(*line) && line->read(seen)) {
  }
  for (const auto& edge : seen) detector.edge(edge, found);
  std::uint32_t lost = 0;
  for (const auto& f : found) lost += f.kind == Finding::Kind::lost_edges ? f.lost : 0;
  EXPECT_LT(seen.size(), 100U);
  EXPECT_EQ(lost, has_v2() ? 100 - seen.size() : 0U);
}

TEST_P(LineTest, ReadingWithoutEdgesGivesNoneAndDoesNotWait) {
  const auto line = open();
  std::vector<Edge> seen;
  EXPECT_TRUE(line->read(seen));
  EXPECT_TRUE(seen.empty());
}

TEST_P(LineTest, ALineInUseIsRefusedAndFreeAgainAfterDestruction) {
  LineRequest request;
  request.chip_path = std::string("/dev/") + header_chip;
  request.offset = offset;
  {
    const auto line = open();
    const auto second = open_line(GetParam(), request);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), ErrorCode::already_exists);
  }
  EXPECT_TRUE(open_line(GetParam(), request));
}

TEST_P(LineTest, AChipThatGoesAwayHangsUpAndEndsEveryCall) {
  const auto line = open();
  chips.tell(std::string("gone ") + header_chip);
  EXPECT_EQ(wait(*line) & (POLLHUP | POLLERR), POLLHUP | POLLERR);
  std::vector<Edge> seen;
  const auto read = line->read(seen);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::not_found);
  EXPECT_FALSE(line->active());
  chips.tell(std::string("back ") + header_chip);
  EXPECT_FALSE(line->active()) << "an old request must not come to life with a new chip";
}

TEST_P(LineTest, AMissingChipIsNotFound) {
  const auto line = open_line(GetParam(), {.chip_path = "/dev/gpiochip7"});
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code(), ErrorCode::not_found);
}

TEST_P(LineTest, TwoLinesOfOneProcessDoNotMix) {
  const auto first = open();
  LineRequest request;
  request.chip_path = "/dev/gpiochip0";
  request.offset = 1;
  const auto second = open_line(GetParam(), request);
  ASSERT_TRUE(second);
  chips.tell("gpiochip0/1=0");
  EXPECT_EQ(edges(**second, 1).size(), 1U);
  EXPECT_TRUE(is_quiet(*first));
}

std::string name_of(const ::testing::TestParamInfo<Backend>& info) {
  return info.param == Backend::uapi ? "uapi" : "libgpiod";
}
INSTANTIATE_TEST_SUITE_P(Backends, LineTest, ::testing::Values(Backend::automatic, Backend::uapi), name_of);

TEST(Backend, LibgpiodIsTheOneThisProgramWasBuiltWith) {
  const std::string name = capabilities(Backend::automatic).name;
  EXPECT_THAT(name, HasSubstr("libgpiod "));
  EXPECT_EQ(capabilities(Backend::automatic).sequence_numbers, name.starts_with("libgpiod 2"));
}

TEST(Backend, KernelDebounceOfLibgpiod2) {
  if (!capabilities(Backend::automatic).kernel_debounce) {
    GTEST_SKIP() << "built with " << capabilities(Backend::automatic).name << ": only libgpiod 2 has it";
  }
  EXPECT_TRUE(capabilities(Backend::automatic).sequence_numbers);
}

}  // namespace
}  // namespace porchlight::gpio
