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

LogQuery at(Level least, std::size_t most = 10'000) {
  LogQuery query;
  query.least = least;
  query.most = most;
  return query;
}

std::vector<std::string> newest(const RecentRecords& recent, const LogQuery& query) {
  return recent.find(query).records;
}

TEST(RecentRecords, AreGivenNewestFirstFromALevelOn) {
  RecentRecords recent;
  recent.add(record_of(Level::info, "noise"), {});
  recent.add(record_of(Level::warning, "first"), {});
  recent.add(record_of(Level::critical, "second"), {});
  EXPECT_THAT(newest(recent, at(Level::debug)),
              ElementsAre(HasSubstr("second"), HasSubstr("first"), HasSubstr("noise")));
  EXPECT_THAT(newest(recent, at(Level::error)), ElementsAre(HasSubstr("second")));
  EXPECT_THAT(newest(recent, at(Level::warning, 1)), ElementsAre(HasSubstr("second")));
}

TEST(RecentRecords, TheOldestGoesWhenThereAreTooMany) {
  RecentRecords recent;
  for (std::size_t n = 0; n <= RecentRecords::most_records; ++n)
    recent.add(record_of(Level::error, "number " + std::to_string(n) + "."), {});
  const auto lines = newest(recent, at(Level::warning));
  ASSERT_THAT(lines, SizeIs(RecentRecords::most_records));
  EXPECT_THAT(lines.back(), HasSubstr("number 1."));
}

TEST(RecentRecords, LongRecordsAreBoundedTogether) {
  RecentRecords recent;
  for (int n = 0; n < 200; ++n) recent.add(record_of(Level::error, std::string(15'000, 'x')), {});
  std::size_t bytes = 0;
  for (const auto& line : newest(recent, at(Level::warning))) bytes += line.size();
  EXPECT_LE(bytes, RecentRecords::most_bytes);
  EXPECT_GT(bytes, RecentRecords::most_bytes / 2);
}

TEST(RecentRecords, NoiseDoesNotPushOutWhatWentWrong) {
  RecentRecords recent;
  recent.add(record_of(Level::error, "early fault"), {});
  for (std::size_t n = 0; n < 2 * RecentRecords::most_records; ++n)
    recent.add(record_of(Level::info, "noise"), {});
  EXPECT_THAT(newest(recent, at(Level::warning)), ElementsAre(HasSubstr("early fault")));
  const auto all = newest(recent, at(Level::debug));
  EXPECT_THAT(all, SizeIs(RecentRecords::most_records + 1));
  EXPECT_THAT(all.back(), HasSubstr("early fault"));
}

TEST(RecentRecords, WhoFollowsMissesNone) {
  RecentRecords recent;
  for (int n = 0; n < 10; ++n) recent.add(record_of(Level::info, "number " + std::to_string(n) + "."), {});
  auto query = at(Level::info, 4);
  query.after = 2;
  auto answer = recent.find(query);
  EXPECT_THAT(answer.records, ElementsAre(HasSubstr("number 5."), HasSubstr("number 4."),
                                          HasSubstr("number 3."), HasSubstr("number 2.")));
  query.after = answer.last;
  answer = recent.find(query);
  EXPECT_THAT(answer.records.front(), HasSubstr("number 9."));
  EXPECT_EQ(answer.last, 10u);
  query.after = answer.last;
  EXPECT_THAT(recent.find(query).records, testing::IsEmpty());
  EXPECT_EQ(recent.find(query).last, 10u);
}

TEST(RecentRecords, AreFoundByTheirIdsTheirLoggerAndTheirTime) {
  RecentRecords recent;
  auto record = record_of(Level::info, "one");
  record.logger = "doorbell.camera.front";
  record.at = WallTime{std::chrono::seconds{100}};
  record.ids.request_id = "r-1";
  record.ids.trace_id = "t-1";
  record.component = Component::hardware;
  recent.add(record, {});
  recent.add(record_of(Level::info, "two"), {});
  const auto finds = [&](auto set) {
    auto query = at(Level::debug);
    set(query);
    return newest(recent, query);
  };
  const auto one = ElementsAre(HasSubstr("one"));
  EXPECT_THAT(finds([](LogQuery& q) { q.logger = "doorbell.camera"; }), one);
  EXPECT_THAT(finds([](LogQuery& q) { q.request_id = "r-1"; }), one);
  EXPECT_THAT(finds([](LogQuery& q) { q.trace_id = "t-1"; }), one);
  EXPECT_THAT(finds([](LogQuery& q) { q.component = Component::hardware; }), one);
  EXPECT_THAT(finds([](LogQuery& q) { q.since = WallTime{std::chrono::seconds{50}}; }), one);
  EXPECT_THAT(finds([](LogQuery& q) { q.logger = "doorbell.cam"; }), testing::IsEmpty());
}

class RecentLogRecords : public LogTest {
 protected:
  std::string newest() const {
    const auto lines = recent_log_records(at(Level::warning, 1)).records;
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
