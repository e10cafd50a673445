// SPDX-License-Identifier: Apache-2.0
#include "http/proxies.hpp"

#include <gtest/gtest.h>

namespace porchlight::http {
namespace {

TrustedProxies trusted(std::initializer_list<const char*> texts) {
  std::vector<Network> networks;
  for (const auto* text : texts) networks.push_back(*parse_network(text));
  return TrustedProxies(std::move(networks));
}

Peer judged(const char* direct, HeaderList headers, const TrustedProxies& proxies) {
  Peer peer{.address = direct};
  Request request;
  request.headers = std::move(headers);
  judge_peer(peer, request, proxies);
  return peer;
}

TEST(Network, ContainsItsAddresses) {
  const auto proxies = trusted({"10.1.0.0/16", "192.168.1.5", "fd00::/8", "0.0.0.0/32"});
  for (const auto* in : {"10.1.0.0", "10.1.255.255", "192.168.1.5", "::ffff:10.1.2.3", "fdff::1", "0.0.0.0"})
    EXPECT_TRUE(proxies.contains(in)) << in;
  for (const auto* out :
       {"10.2.0.0", "192.168.1.4", "fe00::1", "::ffff:10.2.0.0", "", "unknown", "10.1.0.0/16"})
    EXPECT_FALSE(proxies.contains(out)) << out;
  for (const auto* wrong : {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "10.0.0.0/", "proxy", "/8"})
    EXPECT_FALSE(parse_network(wrong)) << wrong;
}

TEST(Peer, IsTheRightmostAddressThatNoProxyHas) {
  const auto proxies = trusted({"10.0.0.0/8"});
  const auto client = [&](const char* list) {
    return judged("10.0.0.1", {{"X-Forwarded-For", list}}, proxies).address;
  };
  EXPECT_EQ(client("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(client("198.51.100.1, 203.0.113.7, 10.0.0.2"), "203.0.113.7");
  EXPECT_EQ(client("203.0.113.7:4711"), "203.0.113.7");
  EXPECT_EQ(client("[2001:db8::7]:4711"), "2001:db8::7");
  EXPECT_EQ(client("10.0.0.3, 10.0.0.2"), "10.0.0.3");
  EXPECT_EQ(client("203.0.113.7, rubbish, 10.0.0.2"), "10.0.0.2");  // as far as it can be followed
  EXPECT_EQ(client(""), "10.0.0.1");
  EXPECT_EQ(
      judged("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1"}, {"x-forwarded-for", "2.2.2.2"}}, proxies).address,
      "2.2.2.2");
}

TEST(Peer, DoesNotBelieveStrangers) {
  const HeaderList lie = {{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-Proto", "https"}};
  const auto peer = judged("203.0.113.7", lie, trusted({"10.0.0.1"}));
  EXPECT_EQ(peer.address, "203.0.113.7");
  EXPECT_EQ(peer.proxy, "");
  EXPECT_FALSE(peer.secure);
  EXPECT_FALSE(peer.loopback);
  EXPECT_EQ(judged("203.0.113.7", lie, {}).address, "203.0.113.7");
}

TEST(Peer, TakesTheSchemeFromItsProxy) {
  const auto proxies = trusted({"10.0.0.1"});
  const auto scheme = [&](const char* value) {
    return judged("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-Proto", value}}, proxies)
        .scheme();
  };
  EXPECT_EQ(scheme("https"), "https");
  EXPECT_EQ(scheme("http"), "http");
  EXPECT_EQ(scheme("https, http"), "http");
}

TEST(Peer, HasLoopbacksExemptionsOnlyWhenNothingStandsBetween) {
  EXPECT_TRUE(judged("127.0.0.1", {}, {}).loopback);
  EXPECT_TRUE(judged("::1", {}, {}).loopback);
  EXPECT_TRUE(judged("127.9.9.9", {{"Via", "x"}}, {}).loopback);
  EXPECT_FALSE(judged("192.168.1.1", {}, {}).loopback);
  EXPECT_FALSE(judged("127.0.0.1", {}, trusted({"10.0.0.1"})).loopback);
  for (const auto* name :
       {"Forwarded", "X-Forwarded-For", "x-forwarded-proto", "X-Forwarded-Host", "X-FORWARDED-Anything"})
    EXPECT_FALSE(judged("127.0.0.1", {{name, ""}}, {}).loopback) << name;
}

}  // namespace
}  // namespace porchlight::http
