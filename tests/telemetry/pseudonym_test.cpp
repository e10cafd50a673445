// SPDX-License-Identifier: Apache-2.0
#include "telemetry/pseudonym.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "telemetry/log_fixture.hpp"

namespace porchlight::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

// RFC 4231, test case 2.
TEST(Pseudonym, IsTheBeginningOfTheHmac) {
  EXPECT_EQ(pseudonym("Jefe", "what do ya want for nothing?"), "p_5bdcc146bf60754e");
}

TEST(Pseudonym, IsTheNamesAndTheKeys) {
  EXPECT_EQ(pseudonym("k", "Anna"), pseudonym("k", "Anna"));
  EXPECT_NE(pseudonym("k", "Anna"), pseudonym("k", "Bert"));
  EXPECT_NE(pseudonym("k", "Anna"), pseudonym("l", "Anna"));
}

TEST(TruncatedAddress, LosesItsEnd) {
  EXPECT_EQ(truncated_address("192.0.2.77"), "192.0.2.0");
  EXPECT_EQ(truncated_address("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
  EXPECT_EQ(truncated_address("fe80::1"), "fe80::");
  EXPECT_EQ(truncated_address("::ffff:192.0.2.77"), "::");
}

TEST(TruncatedAddress, LeavesWhatIsNone) {
  for (const char* text : {"", "local", "uid:0", "192.0.2", "192.0.2.77:80"})
    EXPECT_EQ(truncated_address(text), text);
}

class PrivateLog : public LogTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    LogTest::SetUp();
    LogOptions options;
    options.json = GetParam();
    start(options);
  }
  void TearDown() override {
    set_pseudonym_key("");
    LogTest::TearDown();
  }
  std::string newest() const {
    const auto all = lines();
    return all.empty() ? "" : all.back();
  }
};

TEST_P(PrivateLog, NamesPersonsByPseudonymOnceThereIsAKey) {
  logger_.info("seen", {{"person", std::string("Anna")}});
  EXPECT_THAT(newest(), HasSubstr("[redacted]"));
  set_pseudonym_key("k");
  logger_.info("seen", {{"person", std::string("Anna")}, {"password", std::string("hunter2")}});
  EXPECT_THAT(newest(), HasSubstr(pseudonym("k", "Anna")));
  EXPECT_THAT(newest(), HasSubstr("[redacted]"));
  EXPECT_THAT(newest(), Not(HasSubstr("Anna")));
  EXPECT_THAT(newest(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(newest(), Not(HasSubstr(pseudonym("k", "hunter2"))));
}

TEST_P(PrivateLog, TruncatesAddressesWhenTold) {
  logger_.info("request", {{"ip_address", std::string("192.0.2.77")}});
  EXPECT_THAT(newest(), HasSubstr("192.0.2.77"));
  truncate_log_addresses(true);
  logger_.info("request", {{"ip_address", std::string("192.0.2.77")}});
  EXPECT_THAT(newest(), HasSubstr("192.0.2.0"));
  EXPECT_THAT(newest(), Not(HasSubstr("192.0.2.77")));
}

INSTANTIATE_TEST_SUITE_P(Formats, PrivateLog, testing::Bool());

}  // namespace
}  // namespace porchlight::telemetry
