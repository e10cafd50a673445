// SPDX-License-Identifier: Apache-2.0
#include "api/throttle.hpp"

#include <gtest/gtest.h>

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;

class ThrottleTest : public testing::Test {
 protected:
  bool fail(const std::string& account, const std::string& address = "192.0.2.1") {
    if (throttle.begin(account, address)) return false;
    throttle.failed(account);
    return true;
  }
  SimulatedClock clock;
  double requests(const char* result) {
    return metrics.counter("cache_requests_total", {{"cache", "rate_limit"}, {"result", result}}).value();
  }
  double evictions() { return metrics.counter("cache_evictions_total", {{"cache", "rate_limit"}}).value(); }
  double bytes() { return metrics.gauge("cache_size_bytes", {{"cache", "rate_limit"}}).value(); }
  telemetry::Metrics metrics{telemetry::ClosedSets{}};
  Throttle throttle{{.failures = 3, .address_failures = 6, .lock = 60s, .most = 8}, clock, metrics};
};

TEST_F(ThrottleTest, LocksAfterTheLimitAndOpensByTime) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(fail("anna"));
  EXPECT_TRUE(throttle.is_locked("anna"));
  EXPECT_EQ(throttle.begin("anna", "192.0.2.9"), 60s);
  clock.advance(59s);
  EXPECT_EQ(throttle.begin("anna", "192.0.2.9"), 1s);
  clock.advance(1s);
  EXPECT_FALSE(throttle.is_locked("anna"));
  EXPECT_EQ(throttle.begin("anna", "192.0.2.9"), std::nullopt);
}

TEST_F(ThrottleTest, ProvesItselfWithoutATrace) {
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(fail("user" + std::to_string(i), "192.0.2." + std::to_string(i)));
  const auto bytes_before = bytes();
  const auto misses = requests("miss");
  const auto status = throttle.prove();
  EXPECT_TRUE(status) << status.error().text();
  EXPECT_EQ(throttle.remembered(), 8U);
  EXPECT_EQ(bytes(), bytes_before);
  EXPECT_EQ(requests("miss"), misses);
  EXPECT_EQ(evictions(), 0);
}

TEST_F(ThrottleTest, SaysOnceThatItLocked) {
  ASSERT_FALSE(throttle.begin("anna", "a"));
  EXPECT_FALSE(throttle.failed("anna"));
  ASSERT_FALSE(throttle.begin("anna", "a"));
  ASSERT_FALSE(throttle.begin("anna", "a"));  // side by side
  EXPECT_TRUE(throttle.failed("anna"));
  EXPECT_FALSE(throttle.failed("anna"));
}

TEST_F(ThrottleTest, GuessesSideBySideWinNothing) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(throttle.begin("anna", "a"), std::nullopt);
  EXPECT_NE(throttle.begin("anna", "a"), std::nullopt);  // none has failed yet
}

TEST_F(ThrottleTest, OldFailuresAreForgotten) {
  fail("anna");
  fail("anna");
  clock.advance(60s);
  fail("anna");
  fail("anna");
  EXPECT_FALSE(throttle.is_locked("anna"));
}

TEST_F(ThrottleTest, OwnLoginBetweenDoesNotBuyGuessesAtOthers) {
  int guesses = 0;
  for (int i = 0; i < 20; ++i) {
    if (fail("victim" + std::to_string(i))) ++guesses;
    if (!throttle.begin("mallory", "192.0.2.1")) throttle.succeeded("mallory", "192.0.2.1");
  }
  EXPECT_EQ(guesses, 6);
}

TEST_F(ThrottleTest, WithdrawnAttemptsCountNothing) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(throttle.begin("anna", "a"), std::nullopt);
    throttle.withdrawn("anna", "a");
  }
}

TEST_F(ThrottleTest, RemembersABoundedNumberAndTheLockedOnesLongest) {
  for (int i = 0; i < 3; ++i) fail("anna", "10.0.0." + std::to_string(i));
  for (int i = 0; i < 7; ++i) {
    clock.advance(1ms);
    fail("name" + std::to_string(i), "10.0.1." + std::to_string(i));
  }
  EXPECT_TRUE(throttle.is_locked("anna"));
  for (int i = 0; i < 1000; ++i) fail("other" + std::to_string(i), "10.1.0." + std::to_string(i));
  EXPECT_LE(throttle.remembered(), 8U);
}

TEST_F(ThrottleTest, ShowsItselfAsACache) {
  EXPECT_EQ(bytes(), 0);
  fail("anna", "10.0.0.1");
  EXPECT_EQ(requests("miss"), 2) << "the name and the address";
  EXPECT_EQ(requests("hit"), 0);
  const auto two = bytes();
  EXPECT_GT(two, 0);
  fail("anna", "10.0.0.2");
  EXPECT_EQ(requests("hit"), 1) << "the name";
  EXPECT_EQ(requests("miss"), 3);
  const auto three = bytes();
  EXPECT_GT(three, two);
  throttle.succeeded("anna", "10.0.0.2");
  EXPECT_LT(bytes(), three) << "the name is forgotten, the addresses are not";
  for (int i = 0; i < 8; ++i) fail("", "10.0.1." + std::to_string(i));
  EXPECT_EQ(evictions(), 2) << "of ten addresses eight are remembered";
  throttle.clear();
  EXPECT_EQ(bytes(), 0);
  EXPECT_EQ(evictions(), 2);
}

TEST_F(ThrottleTest, AnIpv6SubscriberIsOneAddress) {
  EXPECT_EQ(throttle_key("2001:db8:1:2:3:4:5:6"), throttle_key("2001:db8:1:2:ffff::1"));
  EXPECT_NE(throttle_key("2001:db8:1:2::1"), throttle_key("2001:db8:1:3::1"));
  EXPECT_EQ(throttle_key("192.0.2.1"), "192.0.2.1");
  EXPECT_NE(throttle_key("::ffff:192.0.2.1"), throttle_key("::ffff:192.0.2.2"));
}

}  // namespace
}  // namespace porchlight::api
