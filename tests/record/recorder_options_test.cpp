// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "porchlight/record/options.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

struct Read {
  RecordOptions options;
  std::string faults;
};

Read read(const std::string& yaml) {
  config::Faults faults;
  auto document = config::Document::parse(yaml, "f.yaml", faults);
  auto root = document.root();
  Read read;
  read.options = read_options(root.section("recording"));
  root.finish();
  for (const auto& fault : faults.all()) read.faults += fault.text() + "\n";
  return read;
}

TEST(RecordOptions, HaveTheDefaultsOfTheConfigurationPage) {
  const auto [options, faults] = read("recording: {}\n");
  EXPECT_EQ(faults, "");
  EXPECT_EQ(options.segment, 60s);
  EXPECT_EQ(options.pre_roll, 8s);
  EXPECT_EQ(options.post_roll, 5s);
  EXPECT_EQ(options.keep, 24h * 30);
  EXPECT_EQ(options.keep_events, 24h * 90);
  EXPECT_EQ(options.space, (Share{0, 0.8}));
  EXPECT_FALSE(options.reserve);
}

TEST(RecordOptions, AreWhatIsWritten) {
  const auto [options, faults] = read(
      "recording: {segment: 5m, pre_roll: 0s, post_roll: 10m, keep: {days: 7, events_days: 365, space: "
      "20GiB}, "
      "reserve: 10%}\n");
  EXPECT_EQ(faults, "");
  EXPECT_EQ(options.segment, 5min);
  EXPECT_EQ(options.pre_roll, 0s);
  EXPECT_EQ(options.post_roll, 10min);
  EXPECT_EQ(options.keep, 24h * 7);
  EXPECT_EQ(options.keep_events, 24h * 365);
  EXPECT_EQ(options.space, (Share{std::uint64_t{20} << 30, 0}));
  EXPECT_EQ(options.reserve, (Share{0, 0.1}));
}

TEST(RecordOptions, AutoIsTheReserveOfTheStoragePage) {
  const auto [options, faults] = read("recording: {reserve: auto}\n");
  EXPECT_EQ(faults, "");
  EXPECT_FALSE(options.reserve);
}

TEST(RecordOptions, NameWhatIsWrong) {
  const auto faults =
      read(
          "recording: {segment: 4s, pre_roll: 61s, post_roll: 11m, keep: {days: 0, space: 120%}, "
          "reserve: lots, audio: true}\n")
          .faults;
  EXPECT_THAT(faults, HasSubstr("recording.segment: must be between 5s and 1h, found '4s'"));
  EXPECT_THAT(faults, HasSubstr("recording.pre_roll: must be between 0s and 1m, found '61s'"));
  EXPECT_THAT(faults, HasSubstr("recording.post_roll: must be between 0s and 10m, found '11m'"));
  EXPECT_THAT(faults, HasSubstr("recording.keep.days: must be between 1 and 36500, found '0'"));
  EXPECT_THAT(faults,
              HasSubstr("recording.keep.space: expected a size such as 500MB or 20GiB, or a part such "
                        "as 80%, found '120%'"));
  EXPECT_THAT(faults, HasSubstr("recording.reserve: expected 'auto', a size such as 500MB"));
  EXPECT_THAT(faults, HasSubstr("recording.audio: unknown key"));
}

}  // namespace
}  // namespace porchlight::record
