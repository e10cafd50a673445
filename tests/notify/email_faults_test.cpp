// SPDX-License-Identifier: Apache-2.0
// Mail servers that refuse, put off, hang and break.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "notify/email.hpp"
#include "notify/hook.hpp"
#include "notify/mail_fixture.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Kind = Delivery::Kind;

Message message_for(std::uint32_t sequence = 0) {
  Message message;
  message.row.key = {*event::EventId::parse("018bcfe5-6800-7abc-8def-0123456789ab"), "post", sequence};
  message.row.type = "ring";
  message.words = {"Someone is at the door", "Camera: front", "", false};
  return message;
}

struct EmailFaults : MailFixture {
  // One attempt in a session of this script.
  static Delivery attempt(const std::string& session) {
    MailSink sink({session});
    return channel(options_for(sink))->deliver(message_for(), {});
  }
  static void expect(const Delivery& delivery, Kind kind, ErrorCode code, const std::string& words) {
    EXPECT_EQ(delivery.kind, kind) << delivery.text;
    EXPECT_EQ(delivery.code, code) << delivery.text;
    EXPECT_THAT(delivery.text, HasSubstr(words));
  }
};

TEST_F(EmailFaults, RefusalsForNowAreTriedAgainInTheServersWords) {
  for (const auto* session : {"greet=421 4.3.2 closing for tea", "mail=421 4.3.2 closing for tea",
                              "mail=451 4.3.2 closing for tea", "data=451 4.3.2 closing for tea",
                              "rcpt:anna=450 4.3.2 closing for tea;rcpt:ben=450 4.3.2 closing for tea"})
    expect(attempt(session), Kind::retry, ErrorCode::unavailable, "4.3.2 closing for tea");
}

TEST_F(EmailFaults, RefusalsForGoodAreNotTriedAgain) {
  for (const auto* session : {"greet=554 5.7.1 go away", "mail=550 5.7.1 go away", "data=554 5.7.1 go away",
                              "rcpt:anna=550 5.7.1 go away;rcpt:ben=550 5.7.1 go away"})
    expect(attempt(session), Kind::rejected, ErrorCode::invalid_argument, "5.7.1 go away");
  expect(attempt("mail=530 5.7.0 log in first"), Kind::rejected, ErrorCode::auth, "log in first");
}

TEST_F(EmailFaults, ServersWordsAreBoundedPrintableAndNameNobody) {
  const auto delivery = attempt("mail=550 5.1.1 <anna.b+c@example.org> \x1b[31m\x07 " +
                                std::string(400, 'x') + " anna.b@example.org");
  EXPECT_THAT(delivery.text, HasSubstr("<a…@example.org>"));
  EXPECT_THAT(delivery.text, Not(HasSubstr("anna")));
  EXPECT_THAT(delivery.text, HasSubstr("> ?[31m? xxx"));
  EXPECT_LT(delivery.text.size(), 300U);
}

TEST_F(EmailFaults, OneRefusedAddressKeepsTheMailFromNobodyElse) {
  MailSink sink({"rcpt:anna=550 5.1.1 <anna@example.org> no such user"});
  testing::internal::CaptureStdout();
  const auto delivery = channel(options_for(sink))->deliver(message_for(), {});
  testing::internal::GetCapturedStdout();
  EXPECT_EQ(delivery.kind, Kind::delivered) << delivery.text;
  EXPECT_EQ(sink.next()["to"], nlohmann::json({"ben@example.net"}));
}

TEST_F(EmailFaults, OnlyWhoWasPutOffGetsTheRepetition) {
  MailSink sink({"rcpt:anna=450 4.7.1 <anna@example.org> greylisted", "rcpt:anna=450 4.7.1 greylisted"});
  const auto post = channel(options_for(sink));
  expect(post->deliver(message_for(), {}), Kind::retry, ErrorCode::unavailable,
         "1 of 2 addresses: a…@example.org: 450 4.7.1 <a…@example.org> greylisted");
  EXPECT_EQ(sink.next()["to"], nlohmann::json({"ben@example.net"}));
  // Nobody takes it this time, which takes it from nobody either.
  expect(post->deliver(message_for(), {}), Kind::retry, ErrorCode::unavailable, "450 4.7.1 greylisted");
  // Another message of the same event goes to both.
  EXPECT_EQ(post->deliver(message_for(1), {}).kind, Kind::delivered);
  EXPECT_EQ(sink.next()["to"].size(), 2U);
  EXPECT_EQ(post->deliver(message_for(), {}).kind, Kind::delivered);
  const auto late = sink.next();
  EXPECT_EQ(late.at("to"), nlohmann::json({"anna@example.org"}));
  EXPECT_EQ(late.at("head").at("to"), "anna@example.org, ben@example.net");
}

TEST_F(EmailFaults, WhoIsRefusedForGoodIsNotAskedForAgain) {
  MailSink sink({"rcpt:anna=550 no such user;rcpt:ben=450 greylisted", "rcpt:anna=250 not asked"});
  const auto post = channel(options_for(sink));
  expect(post->deliver(message_for(), {}), Kind::retry, ErrorCode::unavailable, "450 greylisted");
  EXPECT_EQ(post->deliver(message_for(), {}).kind, Kind::delivered);
  EXPECT_EQ(sink.next()["to"], nlohmann::json({"ben@example.net"}));
}

TEST_F(EmailFaults, ALaterRefusalOfTheRestIsNoFailureOfWhatArrived) {
  MailSink sink({"rcpt:anna=450 greylisted", "rcpt:anna=550 no such user"});
  const auto post = channel(options_for(sink));
  EXPECT_EQ(post->deliver(message_for(), {}).kind, Kind::retry);
  EXPECT_EQ(post->deliver(message_for(), {}).kind, Kind::delivered);
}

TEST_F(EmailFaults, ServerThatHangsAfterTheMailEndsInATimeout) {
  MailSink sink({"hang_data"});
  auto options = options_for(sink);
  options.server.total_timeout = 5s;
  const auto post = channel(options);
  expect(post->deliver(message_for(), {}), Kind::retry, ErrorCode::timeout, "127.0.0.1");
  EXPECT_EQ(sink.next()["hanging"], "data");
  EXPECT_EQ(post->deliver(message_for(), {}).kind, Kind::delivered);
}

TEST_F(EmailFaults, StopEndsWhateverHangsWithinATenthOfASecond) {
  for (const std::string where : {"greet", "data"}) {
    MailSink sink({"hang_" + where});
    auto options = options_for(sink);
    options.server.total_timeout = 600s;
    const auto post = channel(options);
    std::stop_source stop;
    std::chrono::steady_clock::time_point asked;
    std::jthread stopper([&] {
      sink.next();
      asked = std::chrono::steady_clock::now();
      stop.request_stop();
    });
    const auto delivery = post->deliver(message_for(), stop.get_token());
    stopper.join();
    EXPECT_EQ(delivery.kind, Kind::retry);
    EXPECT_EQ(delivery.code, ErrorCode::cancelled) << delivery.text;
    // The promise is 100 ms; a machine under load may be slower, a wait for the server is 600 s.
    EXPECT_LT(std::chrono::steady_clock::now() - asked, 60s);
  }
}

TEST_F(EmailFaults, StopInTheMiddleOfAMailLeavesNoHalfOfIt) {
  MailSink sink({"stall_data"});
  auto options = options_for(sink);
  options.server.total_timeout = 600s;
  auto message = message_for();
  // More than the buffers of both sides hold.
  message.picture = std::make_shared<const std::vector<std::uint8_t>>(20'000'000, std::uint8_t{7});
  const auto post = channel(options);
  std::stop_source stop;
  std::jthread stopper([&] {
    EXPECT_EQ(sink.next()["hanging"], "body");
    stop.request_stop();
  });
  EXPECT_EQ(post->deliver(message, stop.get_token()).code, ErrorCode::cancelled);
  stopper.join();
  EXPECT_EQ(sink.next()["came"], "cut");
}

TEST_F(EmailFaults, NobodyWaitsForTheAnswerToTheFarewell) {
  MailSink sink({"hang_quit"});
  auto options = options_for(sink);
  options.server.total_timeout = 600s;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(channel(options)->deliver(message_for(), {}).kind, Kind::delivered);
  // libcurl's own patience is two minutes.
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 20s);
  EXPECT_TRUE(sink.next().contains("raw"));
  EXPECT_EQ(sink.next()["hanging"], "quit") << "it was said, all the same";
}

TEST_F(EmailFaults, ConnectionResetInTheMailIsTriedAgain) {
  MailSink sink({"reset_data", "rcpt:anna=550 no such user;reset_data"});
  const auto post = channel(options_for(sink));
  auto message = message_for();
  message.picture = std::make_shared<const std::vector<std::uint8_t>>(2'000'000, std::uint8_t{7});
  for (int i = 0; i < 2; ++i) {
    const auto delivery = post->deliver(message, {});
    EXPECT_EQ(delivery.kind, Kind::retry) << delivery.text;
    EXPECT_EQ(delivery.code, ErrorCode::network) << delivery.text;
    EXPECT_EQ(sink.next()["reset"], "data");
  }
  EXPECT_EQ(post->deliver(message, {}).kind, Kind::delivered);
}

TEST_F(EmailFaults, NoConnectionIsTriedAgain) {
  int port = 0;
  {
    MailSink gone;
    port = gone.port();
  }
  EmailOptions options{"post", {}, "door@example.org", {"anna@example.org"}};
  options.server.url = "smtp://127.0.0.1:" + std::to_string(port);
  options.server.tls = http::MailTls::none;
  expect(channel(options)->deliver(message_for(), {}), Kind::retry, ErrorCode::network, options.server.url);
  options.server.url = "smtps://receiver.invalid:465";
  expect(channel(options)->deliver(message_for(), {}), Kind::retry, ErrorCode::network, "receiver.invalid");
  EXPECT_EQ(channel(options)->reach({}).error().code(), ErrorCode::not_found);
}

TEST_F(EmailFaults, UntrustedCertificateGetsNeitherMailNorPassword) {
  const auto& certificates = Certificates::get();
  for (const std::string scheme : {"smtp", "smtps"}) {
    MailSink sink({scheme == "smtp" ? "--starttls" : "--smtps", certificates.certificate, certificates.key,
                   "--user", "door", "--password", "s3cret"});
    auto options = options_for(sink);
    options.server.url = sink.url(scheme);
    options.server.tls = http::MailTls::required;
    options.server.user = "door";
    options.server.password = "s3cret";
    for (const auto& authority : {certificates.stranger, std::string()}) {
      options.server.ca_file = authority;
      const auto delivery = channel(options)->deliver(message_for(), {});
      expect(delivery, Kind::retry, ErrorCode::auth, "127.0.0.1");
      EXPECT_EQ(channel(options)->reach({}).error().code(), ErrorCode::auth);
    }
    // By another name than the certificate's.
    options.server.ca_file = certificates.authority;
    options.server.url = sink.url(scheme, "localhost");
    expect(channel(options)->deliver(message_for(), {}), Kind::retry, ErrorCode::auth, "localhost");
    // The first that the server ever had is the trusted one.
    options.server.url = sink.url(scheme);
    EXPECT_EQ(channel(options)->deliver(message_for(7), {}).kind, Kind::delivered);
    EXPECT_THAT(sink.next()["head"]["message-id"].get<std::string>(), HasSubstr(".7.post@"));
  }
}

TEST_F(EmailFaults, WithoutStarttlsNothingIsSaidInTheClear) {
  MailSink sink({"", "--user", "door", "--password", "s3cret"});
  auto options = options_for(sink);
  options.server.tls = http::MailTls::required;
  options.server.user = "door";
  options.server.password = "s3cret";
  expect(channel(options)->deliver(message_for(), {}), Kind::rejected, ErrorCode::unsupported, "STARTTLS");
  EXPECT_EQ(channel(options)->reach({}).error().code(), ErrorCode::auth);
  options.server.tls = http::MailTls::none;
  EXPECT_EQ(channel(options)->deliver(message_for(7), {}).kind, Kind::delivered);
  EXPECT_THAT(sink.next()["head"]["message-id"].get<std::string>(), HasSubstr(".7.post@"));
}

TEST_F(EmailFaults, RefusedLoginIsFinalAndAFailingOneIsNot) {
  const auto& certificates = Certificates::get();
  MailSink sink({"--starttls", certificates.certificate, certificates.key, "--user", "door", "--password",
                 "s3cret", "", "", "auth=454 4.7.0 door: s3cret-2 cannot be checked now"});
  auto options = options_for(sink);
  options.server.tls = http::MailTls::required;
  options.server.ca_file = certificates.authority;
  options.server.user = "door";
  options.server.password = "s3cret-2";
  const auto refused = channel(options)->deliver(message_for(), {});
  expect(refused, Kind::rejected, ErrorCode::auth, "535 5.7.8");
  EXPECT_EQ(channel(options)->reach({}).error().code(), ErrorCode::auth);
  const auto later = channel(options)->deliver(message_for(), {});
  expect(later, Kind::retry, ErrorCode::unavailable, "454 4.7.0 ***: *** cannot be checked now");
}

}  // namespace
}  // namespace porchlight::notify
