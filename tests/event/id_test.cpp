// SPDX-License-Identifier: Apache-2.0
#include "porchlight/event/id.hpp"
#include "porchlight/event/traceparent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace porchlight::event {
namespace {

using namespace std::chrono_literals;
using testing::MatchesRegex;

TEST(EventId, IsAVersion7UuidWithItsMilliseconds) {
  // The timestamp of RFC 9562, appendix A.6.
  const auto text = EventId::generate(WallTime{0x017F22E279B0ms}).text();
  EXPECT_THAT(text, MatchesRegex("017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

TEST(EventId, ReadsTheExampleOfTheStandard) {
  const auto id = EventId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->text(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST(EventId, TextAndParseAreInverse) {
  for (int i = 0; i < 1000; ++i) {
    const auto id = EventId::generate(WallTime{std::chrono::milliseconds(1'700'000'000'000 + i)});
    ASSERT_EQ(EventId::parse(id.text()), id);
  }
}

TEST(EventId, SortsByTimeAsValueAndAsText) {
  std::vector<EventId> ids;
  for (const auto at :
       {0ms, 1ms, 255ms, 256ms, 1'699'999'999'999ms, 1'700'000'000'000ms, 281'474'976'710'655ms})
    ids.push_back(EventId::generate(WallTime{at}));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end(),
                             [](const EventId& a, const EventId& b) { return a.text() < b.text(); }));
}

TEST(EventId, SortsWithinOneMillisecond) {
  const auto at = [](int ns) {
    return EventId::generate(WallTime{std::chrono::nanoseconds(1'700'000'000'000'000'000 + ns)});
  };
  for (int ns = 0; ns + 250 < 1'000'000; ns += 2'711) EXPECT_LT(at(ns), at(ns + 250)) << ns;
  EXPECT_EQ(at(999'999).text().substr(0, 18), "018bcfe5-6800-7fff");
}

TEST(EventId, IsUniqueWithinOneMillisecond) {
  std::set<EventId> ids;
  for (int i = 0; i < 10'000; ++i) ids.insert(EventId::generate(WallTime{1'700'000'000'000ms}));
  EXPECT_EQ(ids.size(), 10'000U);
}

TEST(EventId, RefusesWhatIsNotOne) {
  const std::string good = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
  EXPECT_FALSE(EventId::parse("").has_value());
  EXPECT_FALSE(EventId::parse(good.substr(1)).has_value());
  EXPECT_FALSE(EventId::parse(good + "0").has_value());
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = bad[i] == '-' ? '0' : 'g';
    EXPECT_FALSE(EventId::parse(bad).has_value()) << bad;
  }
}

TEST(EventId, TheDefaultIsNilAndAMadeOneIsNot) {
  EXPECT_TRUE(EventId().is_nil());
  EXPECT_FALSE(EventId::generate(WallTime{0ms}).is_nil());
}

TEST(TraceContext, StartsANewTraceAndAChildKeepsIt) {
  const auto first = TraceContext::start();
  const auto second = TraceContext::start();
  EXPECT_NE(first.trace_id, second.trace_id);
  EXPECT_NE(first.trace_id, decltype(first.trace_id){});
  const auto child = first.child();
  EXPECT_EQ(child.trace_id, first.trace_id);
  EXPECT_NE(child.span_id, first.span_id);
}

TEST(TraceContext, WritesTheW3cHeader) {
  TraceContext context;
  context.trace_id.fill(0xab);
  context.span_id.fill(0x01);
  EXPECT_EQ(context.traceparent(), "00-abababababababababababababababab-0101010101010101-01");
}

TEST(TraceContext, IsFoundInTheHeaderThatItWrote) {
  const auto context = TraceContext::start();
  const auto found = parse_traceparent(context.traceparent());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->trace_id, context.trace_id);
  EXPECT_EQ(found->span_id, context.span_id);
  EXPECT_EQ(trace_id_of(context.traceparent()), context.trace_id);
  const decltype(context.trace_id) none{};
  EXPECT_EQ(trace_id_of(""), none);
  EXPECT_EQ(trace_id_of("00-abababababababababababababababa"), none);
  EXPECT_EQ(trace_id_of("00-abababababababababababababababxx-0101010101010101-01"), none);
}

TEST(TraceContext, IsFoundInHeadersOfOthers) {
  const auto found = parse_traceparent("01-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902B7-00-more");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->trace_text(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(found->span_text(), "00f067aa0ba902b7");
  for (const auto* bad : {"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736.00f067aa0ba902b7-01"})
    EXPECT_FALSE(parse_traceparent(bad).has_value()) << bad;
}

}  // namespace
}  // namespace porchlight::event
