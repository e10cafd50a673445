// SPDX-License-Identifier: Apache-2.0
// Whom the connection over TLS asks for, and that nobody is looked up twice.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <utility>

#include "notify/mqtt_link.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace {

std::atomic<int> names_asked{0};

bool is_address(const char* node) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, node, bytes.data()) == 1 || ::inet_pton(AF_INET6, node, bytes.data()) == 1;
}

}  // namespace

// In place of the library's for this whole program, libmosquitto included; getaddrinfo_a() does not pass
// here.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  if (node != nullptr && !is_address(node)) ++names_asked;
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto next = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return next(node, service, hints, found);
}

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Takes one connection on 127.0.0.1 and, where there is IPv6, on ::1, and keeps what it says first.
class Listener {
 public:
  Listener() : fd_(listening(AF_INET6)) {
    if (fd_.get() < 0) fd_ = listening(AF_INET);
    // The port is at the same place in both.
    sockaddr_in6 address{};
    socklen_t size = sizeof address;
    works_ = ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0;
    port_ = ntohs(address.sin6_port);
  }
  bool works() const { return works_; }
  int port() const { return port_; }

  // What came so far, without waiting.
  const std::string& heard() {
    pollfd look{fd_.get(), POLLIN, 0};
    if (peer_.get() < 0 && ::poll(&look, 1, 0) > 0) peer_ = UniqueFd(::accept(fd_.get(), nullptr, nullptr));
    std::array<char, 4096> bytes{};
    if (peer_.get() >= 0)
      if (const auto got = ::recv(peer_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT); got > 0)
        heard_.append(bytes.data(), static_cast<std::size_t>(got));
    return heard_;
  }

 private:
  // Of no descriptor where that cannot be.
  static UniqueFd listening(int family) {
    UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int no = 0;
    if (family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    // All zeros: any address, any port.
    sockaddr_in6 any{};
    any.sin6_family = static_cast<sa_family_t>(family);
    const socklen_t size = family == AF_INET6 ? sizeof any : sizeof(sockaddr_in);
    const bool works =
        ::bind(fd.get(), reinterpret_cast<sockaddr*>(&any), size) == 0 && ::listen(fd.get(), 4) == 0;
    return works ? std::move(fd) : UniqueFd();
  }

  UniqueFd fd_, peer_;
  bool works_ = false;
  int port_ = 0;
  std::string heard_;
};

TEST(MqttTls, BrokerIsLookedUpOnceWithoutWaitingAndAskedForByItsName) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the thread sanitizer has a getaddrinfo() of its own, which ends in ours";
#endif
  Listener listener;
  ASSERT_TRUE(listener.works());
  MqttOptions options;
  options.host = "localhost";
  options.port = listener.port();
  options.tls = true;
  SystemClock clock;
  MqttLink link(std::make_shared<const MqttOptions>(options), "test", "", clock);
  const int before = names_asked;
  const auto deadline = clock.now() + 60s;
  // The name stands in the greeting as it is (RFC 6066, 3).
  while (listener.heard().find("localhost") == std::string::npos && clock.now() < deadline) {
    link.turn();
    link.wait(10ms);
  }
  EXPECT_THAT(listener.heard(), HasSubstr("localhost"));
  EXPECT_EQ(names_asked, before) << "libmosquitto was given the name, and looks it up while everything waits";
  // And it would have been seen here.
  EXPECT_TRUE(MqttConnection::open(options, "localhost", "test", MqttProtocol::v5, "", nullptr).ok());
  EXPECT_EQ(names_asked, before + 1);
}

TEST(MqttTls, FileThatCannotBeReadIsNamedWithWhatItIsFor) {
  MqttOptions options;
  options.host = "broker.example";
  options.tls = true;
  options.ca_file = "/nonexistent/authority.pem";
  const auto made = MqttTls::create(options);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code(), ErrorCode::auth);
  EXPECT_THAT(made.error().text(), HasSubstr("mqtt.tls: ca_file"));
}

}  // namespace
}  // namespace porchlight::notify
