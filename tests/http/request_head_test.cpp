// SPDX-License-Identifier: Apache-2.0
#include "http/request_head.hpp"

#include <gtest/gtest.h>

#include "http/response_head.hpp"

namespace porchlight::http {
namespace {

TEST(Target, IsDecodedAndSplit) {
  const auto target = parse_target("/a%20b/c?x=%31&y");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a b/c");
  EXPECT_EQ(target->query, "x=%31&y");
}

TEST(Target, LosesTheAuthorityOfAnAbsoluteForm) {
  EXPECT_EQ(parse_target("http://porch:8000/metrics?a")->path, "/metrics");
  EXPECT_EQ(parse_target("http://porch")->path, "/");
}

TEST(Target, RefusesWhatIsNoPathHere) {
  for (const auto* bad :
       {"", "*", "metrics", "/..", "/a/../b", "/a/./b", "/%2e%2e/etc", "/a/%2E", "/%", "/%4", "/%zz",
        "/a%00b", "/a\x01", "/a\x7f", "/\xc3\xa4", "/a#b", "ftp://x/y", "porch:443"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
  EXPECT_TRUE(parse_target("/..."));
  EXPECT_TRUE(parse_target("/.well-known"));
}

TEST(RequestId, IsKeptWhenWellFormedOnly) {
  EXPECT_EQ(accepted_request_id("aZ0._-"), "aZ0._-");
  EXPECT_EQ(accepted_request_id(std::string(64, 'x')), std::string(64, 'x'));
  for (const auto& bad :
       {std::string(), std::string(65, 'x'), std::string("a b"), std::string("a\r\nb"), std::string("ä")}) {
    const auto id = accepted_request_id(bad);
    EXPECT_NE(id, bad);
    EXPECT_EQ(id.size(), 32U);
  }
  EXPECT_NE(accepted_request_id(""), accepted_request_id(""));
}

TEST(Trace, ContinuesTheCallersTrace) {
  const auto trace = trace_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  EXPECT_EQ(trace.trace_text(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(trace.span_text(), "00f067aa0ba902b7");
}

TEST(Trace, StartsAnewWhenTheHeaderIsBroken) {
  for (const auto* bad :
       {"", "00-4bf92f3577b34da6a3ce929d0e0e4736", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01"}) {
    const auto trace = trace_of(bad);
    EXPECT_NE(trace.trace_text(), "4bf92f3577b34da6a3ce929d0e0e4736") << bad;
    EXPECT_NE(trace.trace_text(), std::string(32, '0')) << bad;
  }
}

TEST(Request, FindsHeadersAndQueryValues) {
  Request request;
  request.headers = {{"Accept", "a"}, {"accept", "b"}};
  request.query = "x=1&name=a%20b&name=c&flag&bad=%z";
  EXPECT_EQ(request.header("ACCEPT"), "a");
  EXPECT_EQ(request.header("none"), "");
  EXPECT_EQ(request.query_value("name"), "a b");
  EXPECT_EQ(request.query_value("flag"), "");
  EXPECT_EQ(request.query_value("bad"), std::nullopt);
  EXPECT_EQ(request.query_value("am"), std::nullopt);
}

TEST(ResponseHead, NeverLetsAValueBreakTheLine) {
  const Response response{200, {{"X-Quoted", "a\r\nSet-Cookie: b"}, {"X-Good", "c"}}, ""};
  const auto head =
      response_head(response, {.version = 11, .keep_alive = true, .request_id = "id", .date = {}});
  EXPECT_EQ(head.find("Set-Cookie"), std::string::npos);
  EXPECT_NE(head.find("X-Good: c\r\n"), std::string::npos);
}

TEST(ResponseHead, WritesTheDateOfTheStandardsExample) {
  EXPECT_EQ(http_date(WallTime{std::chrono::seconds{784'111'777}}), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace porchlight::http
