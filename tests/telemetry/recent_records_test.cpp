// SPDX-License-Identifier: Apache-2.0
#include "telemetry/recent_records.hpp"

#include <gmock/gmock.h>

#include "porchlight/telemetry/recent_log.hpp"
#include "telemetry/log_fixture.hpp"

namespace porchlight::telemetry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

Record record_of(Level level, std::string message) {
  Record record;
  record.level = level;
  record.message = std::move(message);
  return record;
}

TEST(RecentRecords, KeepsWarningsAndAboveNewestFirst) {
  RecentRecords recent;
  recent.add(record_of(Level::info, "noise"), {});
  recent.add(record_of(Level::warning, "first"), {});
  recent.add(record_of(Level::critical, "second"), {});
  EXPECT_THAT(recent.newest(Level::debug, 10), ElementsAre(HasSubstr("second"), HasSubstr("first")));
  EXPECT_THAT(recent.newest(Level::error, 10), ElementsAre(HasSubstr("second")));
  EXPECT_THAT(recent.newest(Level::warning, 1), ElementsAre(HasSubstr("second")));
}

TEST(RecentRecords, TheOldestGoesWhenThereAreTooMany) {
  RecentRecords recent;
  for (std::size_t n = 0; n <= RecentRecords::most_records; ++n)
    recent.add(record_of(Level::error, "number " + std::to_string(n) + "."), {});
  const auto lines = recent.newest(Level::warning, 1000);
  ASSERT_THAT(lines, SizeIs(RecentRecords::most_records));
  EXPECT_THAT(lines.back(), HasSubstr("number 1."));
}

TEST(RecentRecords, LongRecordsAreBoundedTogether) {
  RecentRecords recent;
  for (int n = 0; n < 100; ++n) recent.add(record_of(Level::error, std::string(15'000, 'x')), {});
  std::size_t bytes = 0;
  for (const auto& line : recent.newest(Level::warning, 1000)) bytes += line.size();
  EXPECT_LE(bytes, RecentRecords::most_bytes);
  EXPECT_GT(bytes, RecentRecords::most_bytes / 2);
}

class RecentLogRecords : public LogTest {
 protected:
  std::string newest() const {
    const auto lines = recent_log_records(Level::warning, 1);
    return lines.empty() ? "" : lines.front();
  }
};

TEST_F(RecentLogRecords, AreThoseOfTheLog) {
  logger_.warning("the disk is nearly full", {{"path", "/data"}});
  EXPECT_EQ(newest(), lines().back());
  logger_.info("no fault");
  EXPECT_THAT(newest(), HasSubstr("nearly full"));
}

TEST_F(RecentLogRecords, AreScrubbedAndJsonWhateverTheLogIs) {
  LogOptions plain;
  plain.json = false;
  start(plain);
  logger_.error("reach camera: rtsp://viewer:canary-one@cam/1",
                {{"password", "canary-two"}, {"fault", "token=canary-three"}});
  EXPECT_THAT(newest(), HasSubstr(R"("level":"ERROR")"));
  EXPECT_THAT(newest(), Not(HasSubstr("canary")));
}

TEST_F(RecentLogRecords, DoNotTellTheCodeOfTheFirstAccount) {
  logger_.warning("no account exists", {{"first_run", "ABCD-EFGH"}});
  EXPECT_THAT(lines().back(), HasSubstr("ABCD-EFGH")) << "the journal is where it is told";
  EXPECT_THAT(newest(), HasSubstr("no account exists"));
  EXPECT_THAT(newest(), Not(HasSubstr("ABCD-EFGH")));
}

}  // namespace
}  // namespace porchlight::telemetry
