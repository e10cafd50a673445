// SPDX-License-Identifier: Apache-2.0
#include "host/sockets.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "host/tree.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::host {
namespace {

using namespace std::chrono_literals;

// A listener on loopback and what connects to it over IPv4.
class Loopback {
 public:
  explicit Loopback(int family = AF_INET) : listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;  // any address, of both kinds
    const int both = 0;
    if (family == AF_INET6) ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof both);
    const auto* address =
        family == AF_INET ? reinterpret_cast<sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
    usable = ::bind(listener.get(), address, family == AF_INET ? sizeof v4 : sizeof v6) == 0 &&
             ::listen(listener.get(), 8) == 0;
    ::socklen_t size = sizeof v6;
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&v6), &size);  // the port has one place in both
    port = ntohs(v6.sin6_port);
  }
  std::pair<UniqueFd, UniqueFd> connection() const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    UniqueFd near(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(near.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    UniqueFd far(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_TRUE(far);
    return {std::move(near), std::move(far)};
  }

  UniqueFd listener;
  bool usable = false;
  std::uint16_t port = 0;
};

TEST(OwnSockets, AreCountedByTheirState) {
  const auto before = *own_sockets();
  Loopback loopback;
  auto [one, other] = loopback.connection();
  auto [near, far] = loopback.connection();
  far.reset();  // near waits to be closed
  char nothing = 0;
  ASSERT_EQ(::recv(near.get(), &nothing, 1, 0), 0);
  const UniqueFd again(::dup(one.get()));
  const UniqueFd unconnected(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd datagrams(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const UniqueFd local(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto now = *own_sockets();
  EXPECT_EQ(now.listen - before.listen, 1u);
  EXPECT_EQ(now.established - before.established, 2u);
  EXPECT_EQ(now.close_wait - before.close_wait, 1u);
  EXPECT_EQ(now.other - before.other, 0u);
  EXPECT_TRUE(now.ports.contains(loopback.port));
}

std::optional<double> time_waits(Sockets& sockets, MonotonicTime now, const std::filesystem::path& root) {
  telemetry::Samples samples;
  sockets.sample(now, root, samples);
  return value_of(samples, "network_connections", {{"state", "time_wait"}});
}

void leave_one_in_time_wait(const Loopback& loopback) {
  auto [near, far] = loopback.connection();
  far.reset();  // whoever closes first keeps the port for a minute
  char nothing = 0;
  ASSERT_EQ(::recv(near.get(), &nothing, 1, 0), 0);
}

TEST(Sockets, ShowThoseInTimeWaitAtOurPorts) {
  const Loopback loopback;
  leave_one_in_time_wait(loopback);
  Sockets sockets;
  EXPECT_EQ(time_waits(sockets, MonotonicTime{} + 1h, "/"), 1);
}

TEST(Sockets, ShowThoseAtAListenerOfBothFamilies) {
  const Loopback loopback(AF_INET6);
  if (!loopback.usable) GTEST_SKIP() << "no IPv6 here";
  leave_one_in_time_wait(loopback);
  Sockets sockets;
  EXPECT_EQ(time_waits(sockets, MonotonicTime{} + 1h, "/"), 1);
}

TEST(Sockets, WalkTheKernelsTableOnceAMinute) {
  Tree tree;
  Loopback loopback;
  char row[128];
  std::snprintf(row, sizeof row, "   0: 0100007F:%04X 0100007F:D431 06 00000000:00000000\n", loopback.port);
  tree.write("proc/self/net/tcp", row);
  Sockets sockets;
  const auto at = [&](MonotonicTime now) { return time_waits(sockets, now, tree.root()); };
  const auto start = MonotonicTime{} + 1h;
  EXPECT_EQ(at(start), 1);
  tree.write("proc/self/net/tcp", std::string(row) + row);
  tree.write("proc/self/net/tcp6", row);
  EXPECT_EQ(at(start + 55s), 1);
  EXPECT_EQ(at(start + 60s), 2) << "the other family has no listener";
  tree.remove("proc/self/net/tcp");
  EXPECT_EQ(at(start + 120s), std::nullopt) << "cannot be told";
}

TEST(TimeWaits, AreThoseAtTheGivenPorts) {
  const std::string table =
      "  sl  local_address rem_address   st tx_queue rx_queue\n"
      "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000\n"
      "   1: 0100007F:1F40 0100007F:D431 06 00000000:00000000\n"
      "   2: 0100007F:D431 0100007F:1F40 06 00000000:00000000\n"
      "   3: 0000000000000000FFFF00000100007F:1F40 0000000000000000FFFF00000100007F:D432 06 0\n"
      "   4: 0100007F:1F40 0100007F:D431 01 00000000:00000000\n";
  EXPECT_EQ(time_waits_in(table, {8000}), 2u);
  EXPECT_EQ(time_waits_in(table, {}), 0u);
}

TEST(TimeWaits, LinesThatAreNoneAreLeftOut) {
  EXPECT_EQ(
      time_waits_in("x\n0: 1F40 0 06\n0: 0:1F40 0:0\n0: 0:1F4G 0:0 06\n0: 0:11F40 0:0 06\n0: 0: 0:0 06\n",
                    {8000}),
      0u);
}

}  // namespace
}  // namespace porchlight::host
