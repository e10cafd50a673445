// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/client.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>
#include <thread>

#include "notify/hook.hpp"

namespace porchlight::http {
namespace {

using namespace std::chrono_literals;
using notify::Certificates;
using notify::Hook;
using testing::HasSubstr;
using testing::Not;

Client client_or_fail(ClientOptions options = {}) {
  auto client = Client::create(std::move(options));
  EXPECT_TRUE(client.ok());
  return std::move(*client);
}

ClientRequest post(const std::string& url, const std::string& body = "{}") {
  ClientRequest request;
  request.method = "POST";
  request.url = url;
  request.content_type = "application/json";
  request.body = body;
  return request;
}

// A port that nothing listens on: bound, so that nobody else takes it, and never listening.
struct DeadPort {
  UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int port = 0;
  DeadPort() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
};

TEST(HttpClient, ConnectSendsNoRequest) {
  Hook hook;
  auto client = client_or_fail();
  const auto status = client.connect(hook.url("/first"), {});
  ASSERT_TRUE(status.ok()) << status.error().text();
  // The server would have told of a request before this one.
  ASSERT_TRUE(client.send(post(hook.url("/second")), {}).ok());
  EXPECT_EQ(hook.next().target, "/second");
}

TEST(HttpClient, ConnectTellsWhyItCannot) {
  const DeadPort dead;
  auto client = client_or_fail();
  const auto refused = client.connect("http://user:word@127.0.0.1:" + std::to_string(dead.port) + "/", {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::network);
  EXPECT_THAT(refused.error().text(), Not(HasSubstr("word")));
  const auto unknown = client.connect("https://receiver.invalid/", {});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), ErrorCode::not_found) << unknown.error().text();
}

TEST(HttpClient, ConnectVerifiesTheCertificate) {
  const auto& certificates = Certificates::get();
  Hook hook({"--tls", certificates.certificate, certificates.key});
  const auto status = [&](const std::string& authority) {
    ClientOptions options;
    options.ca_file = authority;
    return client_or_fail(options).connect(hook.url("/", "https"), {});
  };
  EXPECT_TRUE(status(certificates.authority).ok());
  const auto refused = status(certificates.stranger);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::auth) << refused.error().text();
}

TEST(HttpClient, KeepAliveServesManyRequestsOverOneConnection) {
  Hook hook;
  auto client = client_or_fail();
  for (int i = 0; i < 5; ++i) {
    const auto response = client.send(post(hook.url()), {});
    ASSERT_TRUE(response.ok()) << response.error().text();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(hook.next().connection, 1);
  }
  EXPECT_EQ(client.connections_opened(), 1U);
}

TEST(HttpClient, ConnectionIsIdleAfterItsRequestAndGoneWithItsClient) {
  const auto before = client_connections();
  {
    Hook hook;
    auto client = client_or_fail();
    EXPECT_EQ(client_connections().idle, before.idle) << "nothing was asked yet";
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(client.send(post(hook.url()), {}).ok());
      EXPECT_EQ(client_connections().idle, before.idle + 1);
      EXPECT_EQ(client_connections().active, before.active);
    }
    auto moved = std::move(client);
    EXPECT_EQ(client_connections().idle, before.idle + 1);
  }
  EXPECT_EQ(client_connections().idle, before.idle);
  EXPECT_EQ(client_connections().active, before.active);
}

TEST(HttpClient, ConnectionIsActiveDuringItsRequest) {
  const auto before = client_connections();
  Hook hook({"slow"});
  auto client = client_or_fail({.total_timeout = 600s});
  std::stop_source stop;
  ClientConnections meanwhile;
  std::jthread watcher([&] {
    hook.next();  // the request is at the server now
    meanwhile = client_connections();
    stop.request_stop();
  });
  EXPECT_FALSE(client.send(post(hook.url()), stop.get_token()).ok());
  watcher.join();
  EXPECT_EQ(meanwhile.active, before.active + 1);
  EXPECT_EQ(meanwhile.idle, before.idle);
  EXPECT_EQ(client_connections().active, before.active);
}

TEST(HttpClient, RefusedConnectionIsNone) {
  const auto before = client_connections();
  DeadPort dead;
  auto client = client_or_fail();
  EXPECT_FALSE(client.send(post("http://127.0.0.1:" + std::to_string(dead.port) + "/"), {}).ok());
  EXPECT_EQ(client_connections().active, before.active);
  EXPECT_EQ(client_connections().idle, before.idle);
}

TEST(HttpClient, MethodTargetHeadersAndBodyArriveAsGiven) {
  Hook hook;
  auto client = client_or_fail({.user_agent = "porchlight/test"});
  auto request = post(hook.url("/a/b?c=d"), "{\"x\":\"ä\"}");
  request.headers = {{"X-One", "1"}, {"X-Two", "zwei"}};
  ASSERT_TRUE(client.send(request, {}).ok());
  const auto hit = hook.next();
  EXPECT_EQ(hit.method, "POST");
  EXPECT_EQ(hit.target, "/a/b?c=d");
  EXPECT_EQ(hit.body, "{\"x\":\"ä\"}");
  EXPECT_EQ(hit.headers.at("content-type"), "application/json");
  EXPECT_EQ(hit.headers.at("x-one"), "1");
  EXPECT_EQ(hit.headers.at("x-two"), "zwei");
  EXPECT_EQ(hit.headers.at("user-agent"), "porchlight/test");
  EXPECT_FALSE(hit.headers.contains("expect"));

  // The next request on the same handle keeps nothing of this one.
  ClientRequest get;
  get.url = hook.url("/get");
  ASSERT_TRUE(client.send(get, {}).ok());
  const auto second = hook.next();
  EXPECT_EQ(second.method, "GET");
  EXPECT_EQ(second.body, "");
  EXPECT_FALSE(second.headers.contains("x-one"));
  EXPECT_FALSE(second.headers.contains("content-type"));
}

TEST(HttpClient, PartsOfAFormArriveByteForByte) {
  Hook hook;
  auto client = client_or_fail();
  std::string picture = "\xff\xd8";
  for (int i = 0; i < 100000; ++i) picture += static_cast<char>(i * 31 % 256);
  picture += std::string("\0\r\n--\r\n", 7);
  ClientRequest request;
  request.method = "POST";
  request.url = hook.url();
  request.parts = {{"event", "application/json", "", "{\"id\":1}"},
                   {"picture", "image/jpeg", "snapshot.jpg", picture}};
  ASSERT_TRUE(client.send(request, {}).ok());
  const auto hit = hook.next();
  EXPECT_EQ(hit.method, "POST");
  ASSERT_EQ(hit.parts.size(), 2U);
  EXPECT_EQ(hit.parts[0].name, "event");
  EXPECT_EQ(hit.parts[0].content_type, "application/json");
  EXPECT_EQ(hit.parts[0].file_name, "");
  EXPECT_EQ(hit.parts[0].body, "{\"id\":1}");
  EXPECT_EQ(hit.parts[1].name, "picture");
  EXPECT_EQ(hit.parts[1].content_type, "image/jpeg");
  EXPECT_EQ(hit.parts[1].file_name, "snapshot.jpg");
  EXPECT_TRUE(hit.parts[1].body == picture);
}

TEST(HttpClient, AnyStatusIsAnAnswerWithItsHeadersAndRedirectsAreNotFollowed) {
  Hook hook({"503:Retry-After=7", "302:Location=/elsewhere", "404"});
  auto client = client_or_fail();
  const auto busy = client.send(post(hook.url()), {});
  ASSERT_TRUE(busy.ok());
  EXPECT_EQ(busy->status, 503);
  EXPECT_EQ(busy->header("retry-after"), "7");
  EXPECT_EQ(busy->body, "{}");
  EXPECT_EQ(client.send(post(hook.url()), {})->status, 302);
  EXPECT_EQ(client.send(post(hook.url()), {})->status, 404);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(hook.next().target, "/hook");
}

TEST(HttpClient, LongAnswerIsCutAndTheNextRequestWorks) {
  Hook hook({"big"});
  auto client = client_or_fail();
  const auto cut = client.send(post(hook.url()), {});
  ASSERT_TRUE(cut.ok()) << cut.error().text();
  EXPECT_EQ(cut->status, 200);
  EXPECT_TRUE(cut->truncated);
  EXPECT_EQ(cut->body.size(), 64U << 10);
  const auto next = client.send(post(hook.url()), {});
  ASSERT_TRUE(next.ok());
  EXPECT_FALSE(next->truncated);
  EXPECT_EQ(next->body, "{}");
}

TEST(HttpClient, KeepsSoMuchOfAnAnswerAsWasAsked) {
  Hook hook({"--body", "0123456789"});
  for (const std::size_t largest : {1, 9, 10, 11}) {
    auto client = client_or_fail({.largest_body = largest});
    const auto answer = client.send(post(hook.url()), {});
    ASSERT_TRUE(answer.ok()) << answer.error().text();
    EXPECT_EQ(answer->body, std::string("0123456789").substr(0, largest));
    EXPECT_EQ(answer->truncated, largest < 10) << largest;
  }
  Hook large({"big"});
  EXPECT_EQ(client_or_fail({.largest_body = 200'000}).send(post(large.url()), {})->body,
            std::string(200'000, 'x'));
}

TEST(HttpClient, SilentServerEndsInATimeout) {
  Hook hook({"slow"});
  auto client = client_or_fail({.total_timeout = 5s});
  const auto response = client.send(post(hook.url()), {});
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code(), ErrorCode::timeout);
  // The server did get it, and the next request is answered.
  EXPECT_EQ(hook.next().connection, 1);
  EXPECT_TRUE(client.send(post(hook.url()), {}).ok());
}

TEST(HttpClient, StopEndsARequestThatIsUnderWay) {
  Hook hook({"slow"});
  // Far beyond the test's own limit: only the stop can end it.
  auto client = client_or_fail({.total_timeout = 600s});
  std::stop_source stop;
  std::jthread stopper([&] {
    hook.next();  // the request is at the server now
    stop.request_stop();
  });
  const auto response = client.send(post(hook.url()), stop.get_token());
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code(), ErrorCode::cancelled);
}

TEST(HttpClient, ResetConnectionIsANetworkErrorAndTheNextRequestOpensANewOne) {
  Hook hook({"reset_response", "200", "reset_request"});
  auto client = client_or_fail();
  const auto broken = client.send(post(hook.url()), {});
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code(), ErrorCode::network);
  EXPECT_TRUE(client.send(post(hook.url()), {}).ok());
  EXPECT_EQ(hook.next().connection, 1);
  EXPECT_EQ(hook.next().connection, 2);
}

TEST(HttpClient, RefusedConnectionNamesTheHostAndNoCredential) {
  DeadPort dead;
  auto client = client_or_fail();
  const auto url = "http://bob:hunter2@127.0.0.1:" + std::to_string(dead.port) + "/secret/path?token=abcdef";
  const auto response = client.send(post(url), {});
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code(), ErrorCode::network);
  const auto& text = response.error().text();
  EXPECT_THAT(text, HasSubstr("127.0.0.1:" + std::to_string(dead.port)));
  for (const auto* secret : {"bob", "hunter2", "abcdef", "/secret"})
    EXPECT_THAT(text, Not(HasSubstr(secret)));
  const auto bad = client.send(post("ftp://bob:hunter2@127.0.0.1/secret"), {});
  EXPECT_EQ(bad.error().code(), ErrorCode::invalid_argument);
  EXPECT_THAT(bad.error().text(), Not(HasSubstr("hunter2")));
}

TEST(HttpClient, CertificateOfTheGivenAuthorityIsAcceptedAndKeptAlive) {
  const auto& certificates = Certificates::get();
  Hook hook({"--tls", certificates.certificate, certificates.key});
  auto client = client_or_fail({.ca_file = certificates.authority});
  for (int i = 0; i < 3; ++i) {
    const auto response = client.send(post(hook.url("/hook", "https")), {});
    ASSERT_TRUE(response.ok()) << response.error().text();
    EXPECT_EQ(hook.next().connection, 1);
  }
}

TEST(HttpClient, CertificateOfAnyOtherAuthorityOrForAnotherNameIsRefused) {
  const auto& certificates = Certificates::get();
  Hook hook({"--tls", certificates.certificate, certificates.key});
  const auto by_address = hook.url("/hook", "https");
  const auto by_name = "https://localhost:" + std::to_string(hook.port()) + "/hook";
  const std::vector<std::pair<std::string, std::string>> cases{
      {certificates.stranger, by_address}, {"", by_address}, {certificates.authority, by_name}};
  for (const auto& [authority, url] : cases) {
    auto client = client_or_fail({.ca_file = authority});
    const auto response = client.send(post(url), {});
    ASSERT_FALSE(response.ok()) << url << " by '" << authority << "'";
    EXPECT_EQ(response.error().code(), ErrorCode::auth) << response.error().text();
  }
}

TEST(HttpClient, UnixSocketIsReachedWhateverTheHost) {
  const auto path = Certificates::get().folder / "socket";
  Hook hook({"--unix", path.string()});
  auto client = client_or_fail({.unix_socket = path.string()});
  const auto response = client.send(post("http://porchlight/ring"), {});
  ASSERT_TRUE(response.ok()) << response.error().text();
  EXPECT_EQ(hook.next().target, "/ring");
}

}  // namespace
}  // namespace porchlight::http
