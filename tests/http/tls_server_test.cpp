// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "http/certificate.hpp"
#include "http/machine_names.hpp"
#include "http/running_server.hpp"
#include "porchlight/http/tls.hpp"

namespace porchlight::http {
namespace {

using namespace std::chrono_literals;
using test::get;
using test::route;
using test::RunningServer;
using test::says;
using test::TemporaryFolder;
using test::TlsClient;
using test::Wire;
using testing::HasSubstr;

constexpr std::size_t large = 3'000'000;

Router rooms() {
  Router router;
  router.add(route(Method::get, "/metrics", says("numbers")));
  router.add(route(Method::get, "/health", says("health")));
  router.add(route(Method::get, "/health/live", says("alive")));
  router.add(route(Method::get, "/greeting", says("hello")));
  router.add(route(Method::get, "/large", says(std::string(large, 'l'))));
  router.add(route(Method::post, "/echo", test::echoes()));
  router.add(route(Method::get, "/whoami", [](const Request& request, const Responder& responder) {
    const auto& peer = request.peer;
    responder.send(Response{200,
                            {},
                            peer.address + ' ' + std::string(peer.scheme()) +
                                (peer.loopback ? " loopback" : "") +
                                (peer.proxy.empty() ? "" : " by " + peer.proxy)});
  }));
  return router;
}

// An address of this machine that is not loopback; empty when it has none.
std::string far_address() {
  for (const auto& name : machine_names()) {
    if (name.find_first_not_of("0123456789.") == std::string::npos && !name.starts_with("127.")) return name;
  }
  return {};
}

class TlsServer : public testing::Test {
 protected:
  static std::shared_ptr<Credentials> made(const std::filesystem::path& folder, const Clock& clock) {
    TlsOptions options;
    options.folder = folder;
    auto credentials = Credentials::create(std::move(options), clock);
    return credentials ? *credentials : nullptr;
  }
  ServerOptions with(ServerOptions options) {
    options.credentials = credentials;
    return options;
  }
  // A connection with a good handshake, or the test has failed.
  Wire secure(const RunningServer& house, TlsClient client = {}) const {
    client.authority = credentials->authority();
    auto wire = house.tcp();
    EXPECT_TRUE(wire.secure(client)) << client.name;
    return wire;
  }

  TemporaryFolder folder;
  SystemClock clock;
  std::shared_ptr<Credentials> credentials = made(folder.path() / "tls", clock);
};

TEST_F(TlsServer, ProvesItsNamesToWhoTrustsItsAuthority) {
  RunningServer house(rooms(), with({}));
  for (const auto* name : {"localhost", "127.0.0.1"}) {
    auto wire = secure(house, {.name = name});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(wire.ask(get("/greeting")).body, "hello");
  }
  EXPECT_FALSE(house.tcp().secure({.authority = credentials->authority(), .name = "example.org"}));
  const TemporaryFolder elsewhere;
  EXPECT_FALSE(house.tcp().secure({.authority = made(elsewhere.path(), clock)->authority()}));
}

TEST_F(TlsServer, SpeaksTls12And13AndNothingOlder) {
  RunningServer house(rooms(), with({}));
  EXPECT_EQ(secure(house, {.version = TLS1_2_VERSION}).ask(get("/greeting")).status, 200);
  EXPECT_EQ(secure(house, {.version = TLS1_3_VERSION}).ask(get("/greeting")).status, 200);
  EXPECT_FALSE(house.tcp().secure({.authority = credentials->authority(), .version = TLS1_1_VERSION}));
}

TEST_F(TlsServer, TakesHttp11AndNoOtherProtocol) {
  RunningServer house(rooms(), with({}));
  const auto chosen = [](const Wire& wire) {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(wire.tls(), &name, &size);
    return std::string(reinterpret_cast<const char*>(name), size);
  };
  EXPECT_EQ(chosen(secure(house, {.protocols = "\x02h2\x08http/1.1"})), "http/1.1");
  EXPECT_EQ(chosen(secure(house, {.protocols = ""})), "");
  EXPECT_FALSE(house.tcp().secure({.authority = credentials->authority(), .protocols = "\x02h2"}));
}

TEST_F(TlsServer, ResumesByTicket) {
  RunningServer house(rooms(), with({}));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto first = secure(house, {.version = version});
    EXPECT_EQ(first.ask(get("/greeting")).status, 200);  // in 1.3 the ticket comes with it
    const std::unique_ptr<SSL_SESSION, Releases<SSL_SESSION_free>> session(SSL_get1_session(first.tls()));
    auto again = secure(house, {.version = version, .resume = session.get()});
    EXPECT_EQ(SSL_session_reused(again.tls()), 1);
    EXPECT_EQ(again.ask(get("/greeting")).status, 200);
  }
}

TEST_F(TlsServer, CarriesLargeBodiesBothWaysAndPipelines) {
  RunningServer house(rooms(), with({}));
  auto wire = secure(house);
  EXPECT_EQ(wire.ask(get("/large")).body, std::string(large, 'l'));
  const std::string body(60'000, 'b');
  const auto post = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + body;
  EXPECT_EQ(wire.ask(post).body, body);
  wire.send(get("/greeting") + get("/whoami") + get("/greeting"));
  EXPECT_EQ(wire.reply().body, "hello");
  EXPECT_EQ(wire.reply().body, "127.0.0.1 https loopback");
  EXPECT_EQ(wire.reply().body, "hello");
}

TEST_F(TlsServer, AnswersTheMachineItselfInTheClearAboutItsHealthOnly) {
  RunningServer house(rooms(), with({}));
  auto wire = house.tcp();
  EXPECT_EQ(wire.ask(get("/metrics")).body, "numbers");
  EXPECT_EQ(wire.ask(get("/health")).body, "health");
  EXPECT_EQ(wire.ask(get("/health/live")).body, "alive");
  for (const auto* other : {"/greeting", "/", "/metricsx", "/health%2f..%2fgreeting", "/nothing"}) {
    EXPECT_THAT(house.tcp().ask(get(other)).status, testing::AnyOf(308, 400)) << other;
  }
}

TEST_F(TlsServer, AnswersOthersNothingInTheClear) {
  const auto far = far_address();
  if (far.empty()) GTEST_SKIP() << "this machine has no address but loopback";
  RunningServer house(rooms(), with({}));
  EXPECT_EQ(house.tcp(far.c_str()).ask(get("/metrics")).status, 308);
  EXPECT_EQ(house.tcp(far.c_str()).ask(get("/health/live")).status, 308);
}

TEST_F(TlsServer, SendsEverythingElseToHttpsAtTheSameHostAndPath) {
  RunningServer house(rooms(), with({}));
  const auto location = [&house](const std::string& request) {
    auto reply = house.tcp().ask(request);
    return std::to_string(reply.status) + ' ' + reply.headers["location"];
  };
  EXPECT_EQ(location("GET /a%20b?c=d HTTP/1.1\r\nHost: porch.local:8000\r\n\r\n"),
            "308 https://porch.local:8000/a%20b?c=d");
  EXPECT_EQ(location("GET http://other/a?b HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n"),
            "308 https://[::1]:8000/a?b");
  EXPECT_EQ(location("POST /echo HTTP/1.1\r\nHost: porch\r\nContent-Length: 3\r\n\r\nabc"),
            "308 https://porch/echo");
  for (const auto* host : {"a b", "a/b", "a@b", "", "a\"b", "[::1", "a:b", "a:", "a:123456", "[]"}) {
    EXPECT_EQ(location("GET /a HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), "400 ") << host;
  }
  EXPECT_EQ(location("GET /a HTTP/1.0\r\n\r\n"), "400 ");
}

TEST_F(TlsServer, EndsTheExemptionWhenAProxyMayStandBetween) {
  RunningServer house(rooms(), with({}));
  for (const auto* header :
       {"Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4", "x-forwarded-proto: https"})
    EXPECT_EQ(house.tcp().ask(get("/metrics", std::string(header) + "\r\n")).status, 308) << header;
  RunningServer behind(rooms(), with({.trusted_proxies = {"10.0.0.1"}}));
  EXPECT_EQ(behind.tcp().ask(get("/metrics")).status, 308);
  EXPECT_EQ(secure(behind).ask(get("/whoami")).body, "127.0.0.1 https");
}

TEST_F(TlsServer, LeavesTheControlSocketInTheClear) {
  RunningServer house(rooms(), with({}));
  EXPECT_EQ(house.control().ask(get("/greeting")).body, "hello");
}

TEST_F(TlsServer, ShowsAnotherCertificateAfterARefresh) {
  SimulatedClock simulated(clock.wall() - std::chrono::hours{24 * 390});
  credentials = made(folder.path() / "aged", simulated);
  RunningServer house(rooms(), with({}));
  auto before = secure(house);
  simulated.advance(std::chrono::hours{24 * 390});
  ASSERT_TRUE(*credentials->refresh());
  auto after = secure(house);
  const CertificatePtr first(SSL_get1_peer_certificate(before.tls()));
  const CertificatePtr second(SSL_get1_peer_certificate(after.tls()));
  EXPECT_NE(pem_of(*first), pem_of(*second));
  EXPECT_EQ(before.ask(get("/greeting")).body, "hello");  // who is connected stays so
}

TEST_F(TlsServer, ClosesAHandshakeThatDoesNotEnd) {
  RunningServer house(rooms(), with({.limits = {.handshake = 200ms}}));
  auto silent = house.tcp();
  auto halfway = house.tcp();
  halfway.send(std::string("\x16\x03\x01\x02", 4));
  for (auto* wire : {&silent, &halfway}) {
    bool ended = false;
    wire->rest(&ended);
    EXPECT_TRUE(ended);
  }
}

TEST_F(TlsServer, SurvivesRubbishInAndAfterTheHandshake) {
  RunningServer house(rooms(), with({}));
  auto wire = house.tcp();
  wire.send("\x16" + std::string(1000, 'x'));
  bool ended = false;
  wire.rest(&ended);
  EXPECT_TRUE(ended);
  auto broken = secure(house);
  ::send(broken.fd(), "rubbish below the TLS", 21, MSG_NOSIGNAL);
  char byte = 0;
  EXPECT_LE(SSL_read(broken.tls(), &byte, 1), 0);
  EXPECT_EQ(secure(house).ask(get("/greeting")).status, 200);
}

TEST_F(TlsServer, KeepsIdsTracesAndGuardsUnderTls) {
  RunningServer house(rooms(), with({}));
  const auto reply = secure(house).ask(
      get("/nothing",
          "X-Request-ID: abc\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"));
  EXPECT_EQ(reply.headers.at("x-request-id"), "abc");
  EXPECT_THAT(reply.body, HasSubstr("4bf92f3577b34da6a3ce929d0e0e4736"));
  EXPECT_EQ(reply.headers.at("x-content-type-options"), "nosniff");
  // Who loses our own authority's certificate could not get past HSTS.
  EXPECT_EQ(reply.headers.count("strict-transport-security"), 0U);
}

TEST_F(TlsServer, IsStrictAboutTransportWithTheOwnersCertificate) {
  TlsOptions options{
      TlsMode::files, folder.path() / "tls/server.pem", folder.path() / "tls/server.pem", {}, {}};
  const auto authority = credentials->authority();
  auto own = Credentials::create(options, clock);
  ASSERT_TRUE(own.ok()) << own.error().text();
  credentials = *own;
  RunningServer house(rooms(), with({}));
  auto wire = house.tcp();
  ASSERT_TRUE(wire.secure({.authority = authority}));
  EXPECT_EQ(wire.ask(get("/greeting")).headers["strict-transport-security"], "max-age=31536000");
  EXPECT_EQ(house.tcp().ask(get("/metrics")).headers.count("strict-transport-security"), 0U);
}

TEST_F(TlsServer, HasAMetricsListenerForMetricsAndHealthOnly) {
  RunningServer house(rooms(), with({.metrics_listen = "127.0.0.1:0"}));
  const auto port = house.server->metrics_port();
  EXPECT_EQ(Wire::tcp(port).ask(get("/metrics")).body, "numbers");
  EXPECT_EQ(Wire::tcp(port).ask(get("/health/live")).body, "alive");
  auto wire = Wire::tcp(port);
  ASSERT_TRUE(wire.secure({.authority = credentials->authority()}));
  EXPECT_EQ(wire.ask(get("/metrics")).body, "numbers");
  EXPECT_EQ(wire.ask(get("/greeting")).status, 404);
}

// Without TLS on an address that others reach, only what does TLS for us may speak.
TEST(ProxiedServer, ServesItsProxiesOnly) {
  RunningServer house(rooms(), ServerOptions{.listen = "0.0.0.0:0", .trusted_proxies = {"127.0.0.2"}});
  const std::string forwarded = "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n";
  EXPECT_EQ(house.tcp("127.0.0.2").ask(get("/whoami", forwarded)).body, "203.0.113.7 https by 127.0.0.2");
  EXPECT_EQ(house.tcp("127.0.0.3").ask(get("/whoami", forwarded)).body, "127.0.0.3 http");
  if (const auto far = far_address(); !far.empty()) {
    EXPECT_EQ(house.tcp(far.c_str()).ask(get("/whoami", forwarded)).status, 403);
  }
  telemetry::Metrics metrics(test::closed(rooms().templates()));
  const auto refused = Server::create({.listen = "0.0.0.0:0"}, rooms(), metrics);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().text(), HasSubstr("without TLS"));
}

TEST(ProxiedServer, GivesAProxyMoreThanOnePeersPlaces) {
  RunningServer house(rooms(),
                      ServerOptions{.limits = {.connections_per_peer = 2}, .trusted_proxies = {"127.0.0.2"}});
  std::vector<Wire> seated;
  for (int i = 0; i < 5; ++i) {
    seated.push_back(house.tcp("127.0.0.2"));
    EXPECT_EQ(seated.back().ask(get("/greeting")).status, 200);
  }
}

}  // namespace
}  // namespace porchlight::http
