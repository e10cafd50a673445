// SPDX-License-Identifier: Apache-2.0
// Every line against the shipped schema, whatever goes in.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "telemetry/log_fixture.hpp"
#include "telemetry/record_schema.hpp"

namespace porchlight::telemetry {
namespace {

using Json = nlohmann::json;
using testing::IsEmpty;

class LogRecord : public LogTest {
 protected:
  std::string line_of(std::string_view message, const Fields& fields = {}) {
    logger_.info(message, fields);
    const auto all = lines();
    EXPECT_FALSE(all.empty());
    return all.empty() ? "" : all.back();
  }
  Json record_of(std::string_view message, const Fields& fields = {}) {
    const auto line = line_of(message, fields);
    EXPECT_THAT(record_faults(line), IsEmpty()) << line.substr(0, 300);
    return Json::parse(line, nullptr, false);
  }
};

TEST_F(LogRecord, HasEveryField) {
  const auto record =
      record_of("camera connected", {{"camera", std::string("front")}, {"attempt", std::int64_t{3}}});
  EXPECT_EQ(record["level"], "INFO");
  EXPECT_EQ(record["logger"], "doorbell.test");
  EXPECT_EQ(record["service"], "porchlight");
  EXPECT_EQ(record["version"], "1.2.3");
  EXPECT_EQ(record["component"], "hardware");
  EXPECT_EQ(record["environment"], "production");
  EXPECT_EQ(record["message"], "camera connected");
  EXPECT_EQ(record["module"], "log_schema_test");
  EXPECT_EQ(record["function"], "LogRecord::line_of");
  EXPECT_GT(record["line"].get<int>(), 0);
  EXPECT_EQ(record["context"], Json({{"camera", "front"}, {"attempt", 3}}));
  EXPECT_FALSE(record.contains("trace_id"));
  EXPECT_FALSE(record.contains("extra"));
}

TEST_F(LogRecord, CarriesTraceAndEvent) {
  logger_.with("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174", "0190b8a0-0000-7000-8000-000000000000")
      .warning("late");
  const auto line = lines().back();
  EXPECT_THAT(record_faults(line), IsEmpty());
  const auto record = Json::parse(line);
  EXPECT_EQ(record["level"], "WARNING");
  EXPECT_EQ(record["trace_id"], "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(record["span_id"], "eee19b7ec3c1b174");
  EXPECT_EQ(record["event_id"], "0190b8a0-0000-7000-8000-000000000000");
  EXPECT_EQ(record["correlation_id"], record["event_id"]);
  EXPECT_EQ(record["context"]["event_id"], record["event_id"]);
}

TEST_F(LogRecord, AnAccessRecordHasBothNamesOfItsFigures) {
  const auto record = record_of("request", {{"method", std::string("GET")},
                                            {"path", std::string("/metrics")},
                                            {"status", std::int64_t{503}},
                                            {"duration_ms", 1.5},
                                            {"ip_address", std::string("192.0.2.1")},
                                            {"user_agent", std::string("curl")}});
  EXPECT_EQ(record["status"], 503);
  EXPECT_EQ(record["status_code"], 503);
  EXPECT_EQ(record["response_time"], 1.5);
  EXPECT_EQ(record["extra"], Json({{"ip_address", "192.0.2.1"}, {"user_agent", "curl"}}));
  EXPECT_FALSE(record.contains("context"));
}

TEST_F(LogRecord, AKnownKeyOfAnotherTypeGoesIntoTheContext) {
  const auto record = record_of("x", {{"status", std::string("stalled")}, {"success", std::string("yes")}});
  EXPECT_FALSE(record.contains("status"));
  EXPECT_EQ(record["context"], Json({{"status", "stalled"}, {"success", "yes"}}));
}

TEST_F(LogRecord, SurvivesControlCharactersAndBadUtf8) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  record_of(all, {{"value", all}, {"event", all}, {"user_agent", all}});
  record_of("\xff\xfe\xc0\xaf\xed\xa0\x80\xf5", {{"value", std::string("cut \xe2\x82")}});
  EXPECT_EQ(record_of("line\nbreak\r\x1b[31m")["message"], "line\nbreak\r\x1b[31m");
}

TEST_F(LogRecord, NumbersWithoutAJsonFormAreText) {
  const auto record =
      record_of("x", {{"a", std::nan("")}, {"b", HUGE_VAL}, {"c", -HUGE_VAL}, {"duration_ms", std::nan("")}});
  EXPECT_EQ(record["context"], Json({{"a", "nan"}, {"b", "inf"}, {"c", "-inf"}, {"duration_ms", "nan"}}));
}

TEST_F(LogRecord, AMegabyteIsCutAndSaysSo) {
  for (const std::string& huge :
       {std::string(1 << 20, 'x'), std::string(1 << 20, '\x01'), std::string(1 << 20, '\xff'),
        std::string(1 << 20, ' '), std::string(1 << 20, '"')}) {
    const auto record = record_of(huge);
    EXPECT_EQ(record["truncated"], true);
    EXPECT_GT(record["message"].get<std::string>().size(), 400u);
    const auto in_field = record_of("short", {{"value", huge}});
    EXPECT_EQ(in_field["truncated"], true);
    EXPECT_EQ(in_field["message"], "short");
    EXPECT_GT(in_field["context"]["value"].get<std::string>().size(), 20u);
  }
  Fields many;
  static const std::string key(40, 'k');
  for (int i = 0; i < 2000; ++i) many.push_back({key, std::string(500, 'v')});
  EXPECT_EQ(record_of("many", many)["truncated"], true);
}

TEST_F(LogRecord, JustFittingIsNotCut) {
  const auto record = record_of(std::string(15'000, 'x'));
  EXPECT_FALSE(record.contains("truncated"));
  EXPECT_EQ(record["message"].get<std::string>().size(), 15'000u);
}

TEST_F(LogRecord, ACutKeepsCharactersWhole) {
  std::string euros;
  for (int i = 0; i < 20'000; ++i) euros += "\xe2\x82\xac";
  for (const std::string shift : {"", "a", "ab"}) {
    const auto text = record_of(shift + euros)["message"].get<std::string>();
    EXPECT_EQ(text.find("\xef\xbf\xbd"), std::string::npos);
  }
}

TEST(RecordSchema, WouldSeeABrokenRecord) {
  const std::string good =
      R"({"timestamp":"2025-01-29T04:20:12.950Z","level":"INFO","logger":"a","service":"porchlight","version":"1",)"
      R"("component":"system","environment":"e","message":"m","module":"m","function":"f","line":1,"thread":"t"})";
  EXPECT_THAT(record_faults(good), IsEmpty());
  const auto with = [&](const std::string& from, const std::string& to) {
    auto text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_THAT(record_faults(with("\"line\":1", "\"line\":1,\"bogus\":1")), testing::SizeIs(1));
  EXPECT_THAT(record_faults(with("\"line\":1,", "")), testing::SizeIs(1));
  EXPECT_THAT(record_faults(with("\"line\":1", "\"line\":\"1\"")), testing::SizeIs(1));
  EXPECT_THAT(record_faults(with("INFO", "info")), testing::SizeIs(1));
  EXPECT_THAT(record_faults(with(".950Z", "Z")), testing::SizeIs(1));
  EXPECT_THAT(record_faults(with("\"line\":1", "\"line\":1,\"context\":{\"a\":{}}")), testing::SizeIs(1));
  EXPECT_THAT(record_faults(good + "\n"), testing::SizeIs(1));
  EXPECT_THAT(record_faults("plain text"), testing::SizeIs(1));
}

}  // namespace
}  // namespace porchlight::telemetry
