// SPDX-License-Identifier: Apache-2.0
#include "api/query.hpp"

#include <gtest/gtest.h>

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;

std::string read_again(std::string_view text) {
  const auto at = parse_rfc3339(text);
  return at ? rfc3339(*at) : "no time";
}

TEST(Rfc3339, IsReadInEverySpelling) {
  EXPECT_EQ(read_again("2025-01-29T04:20:12Z"), "2025-01-29T04:20:12.000Z");
  EXPECT_EQ(read_again("2025-01-29t04:20:12.95z"), "2025-01-29T04:20:12.950Z");
  EXPECT_EQ(read_again("2025-01-29 04:20:12.9501239999+00:00"), "2025-01-29T04:20:12.950Z");
  EXPECT_EQ(read_again("2025-01-29T04:20:12+05:30"), "2025-01-28T22:50:12.000Z");
  EXPECT_EQ(read_again("2024-12-31T23:59:60-01:00"), "2025-01-01T01:00:00.000Z");
  EXPECT_EQ(read_again("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00.000Z");
}

TEST(Rfc3339, IsNothingElse) {
  for (const auto* text :
       {"", "2025-01-29", "2025-01-29T04:20Z", "2025-01-29T04:20:12", "2025-02-29T04:20:12Z",
        "2025-13-01T00:00:00Z", "2025-01-29T24:00:00Z", "2025-01-29T04:60:00Z", "2025-01-29T04:20:12.Z",
        "2025-01-29T04:20:12+5:30", "2025-01-29T04:20:12+24:00", "2025-01-29T04:20:12Zx",
        " 2025-01-29T04:20:12Z", "9999-01-01T00:00:00Z", "+025-01-29T04:20:12Z", "1738124412"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

http::Request asked(std::string query) {
  http::Request request;
  request.query = std::move(query);
  return request;
}

TEST(Query, NamesItsFirstFault) {
  const std::pair<const char*, const char*> faults[] = {{"limt=3", "no parameter 'limt'"},
                                                        {"limit=3&limit=4", "'limit' comes twice"},
                                                        {"limit", "'limit' has no good value"},
                                                        {"limit=", "'limit' has no good value"},
                                                        {"limit=%zz", "'limit' has no good value"},
                                                        {"limit=x", "'limit' is a number from 1 to 9"},
                                                        {"limit=10", "'limit' is a number"},
                                                        {"limit=0", "'limit' is a number"},
                                                        {"limit=3x", "'limit' is a number"},
                                                        {"limit=-1", "'limit' is a number"},
                                                        {"limit=99999999999999999999", "'limit' is a number"},
                                                        {"at=yesterday", "'at' is a time"}};
  for (const auto& [text, says] : faults) {
    const auto request = asked(text);
    Query query(request, {"limit", "at"});
    query.integer("limit", 1, 9, 5);
    query.time("at");
    const auto refusal = query.refusal(request);
    ASSERT_TRUE(refusal) << text;
    EXPECT_EQ(refusal->status, 400);
    EXPECT_NE(refusal->body.find(says), std::string::npos) << text << ": " << refusal->body;
  }
}

TEST(Query, ReadsWhatIsGood) {
  const auto request = asked("at=2025-01-29T04%3A20%3A12Z&limit=9&&name=a%20b");
  Query query(request, {"limit", "at", "name"});
  EXPECT_EQ(query.integer("limit", 1, 9, 5), 9);
  EXPECT_EQ(rfc3339(*query.time("at")), "2025-01-29T04:20:12.000Z");
  EXPECT_EQ(query.text("name"), "a b");
  EXPECT_FALSE(query.text("other"));
  EXPECT_FALSE(query.refusal(request));
  const auto nothing = asked("");
  Query empty(nothing, {"limit"});
  EXPECT_EQ(empty.integer("limit", 1, 9, 5), 5);
  EXPECT_FALSE(empty.refusal(nothing));
}

}  // namespace
}  // namespace porchlight::api
