// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "camera/backoff.hpp"
#include "camera/fault.hpp"
#include "camera/rate.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, SpreadsEachWaitOverTheWholeRange) {
  Backoff backoff(ReconnectOptions{});
  std::set<std::int64_t> waits;
  for (int i = 0; i < 200; ++i) {
    const auto wait = backoff.next();
    EXPECT_GE(wait, 0ms);
    EXPECT_LE(wait, 30s);
    waits.insert(wait.count() / 3000);
  }
  EXPECT_EQ(waits.size(), 10U) << "full jitter reaches every tenth of [0, 30 s)";
}

TEST(Backoff, BeginsAnewAfterReset) {
  ReconnectOptions options;
  options.random = [] { return 0.5; };
  Backoff backoff(options);
  EXPECT_EQ(backoff.next(), 500ms);
  EXPECT_EQ(backoff.next(), 1s);
  backoff.reset();
  EXPECT_EQ(backoff.next(), 500ms);
}

TEST(Rate, LooksTenSecondsBack) {
  Rate rate;
  MonotonicTime now{};
  double total = 0;
  rate.start(now, total);
  for (int tick = 0; tick < 200; ++tick) {
    now += 100ms;
    total += 1.5;
    rate.sample(now, total);
  }
  EXPECT_NEAR(rate.per_second(now, total), 15, 0.2);
  for (int tick = 0; tick < 110; ++tick) rate.sample(now += 100ms, total);
  EXPECT_EQ(rate.per_second(now, total), 0);
}

TEST(Rate, KnowsAShortBeginning) {
  Rate rate;
  rate.start(MonotonicTime{}, 100);
  EXPECT_EQ(rate.per_second(MonotonicTime{} + 100ms, 101), 0) << "too short to tell";
  EXPECT_NEAR(rate.per_second(MonotonicTime{} + 2s, 130), 15, 0.01);
}

TEST(FaultTable, HasARowForEveryFault) {
  using event::CameraFault;
  for (const auto fault : {CameraFault::timeout, CameraFault::eof, CameraFault::auth, CameraFault::network,
                           CameraFault::protocol, CameraFault::stalled})
    EXPECT_EQ(row_of(fault).fault, fault);
  std::set<event::GapCause> causes;
  for (const auto& row : fault_table) causes.insert(row.gap);
  EXPECT_EQ(causes.size(), fault_table.size()) << "the ledger tells them apart";
  EXPECT_EQ(fault_of(ErrorCode::auth), CameraFault::auth);
  EXPECT_EQ(fault_of(ErrorCode::cancelled), CameraFault::stalled);
}

TEST(FaultTable, IsTheOneInTheDocumentation) {
  std::ifstream file(PORCHLIGHT_SOURCE_DIR "/docs/cameras.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const FaultRow& row : fault_table) {
    std::string line = "|";
    for (const auto cell : {event::to_string(row.fault), to_string(row.state), row.reason, row.error_type,
                            event::to_string(row.gap)})
      line += " `" + std::string(cell) + "` |";
    line += " " + std::string(row.meaning) + " |\n";
    EXPECT_NE(page.str().find(line), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace porchlight::camera
