// SPDX-License-Identifier: Apache-2.0
// What every channel over HTTP does with a network and servers that misbehave.
#include <gmock/gmock.h>

#include <thread>

#include "notify/hook.hpp"
#include "notify/ntfy.hpp"
#include "notify/pagerduty.hpp"
#include "notify/sink.hpp"
#include "notify/slack.hpp"
#include "notify/telegram.hpp"
#include "notify/webhook.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Kind = Delivery::Kind;

constexpr const char* secret = "5ecretOfTheChannel";

// Each: how the channel is made for a server, and what that answers when all is well.
struct WebhookKind {
  static constexpr const char* good_answer = "{}";
  static auto make(const Destination& server, const Clock& clock) {
    return Webhook::create({server.url + "/hook?key=" + secret, {}, server.client}, clock);
  }
};
struct TelegramKind {
  static constexpr const char* good_answer = R"({"ok":true,"result":{"message_id":7}})";
  static auto make(const Destination& server, const Clock& clock) {
    TelegramOptions options;
    options.api = server;
    options.api.secrets = {secret};
    options.token = secret;
    options.chat = "1";
    return Telegram::create(options, clock);
  }
};
struct NtfyKind {
  static constexpr const char* good_answer = R"({"id":"a"})";
  static auto make(const Destination& server, const Clock& clock) {
    NtfyOptions options;
    options.server = server;
    options.server.secrets = {secret};
    options.topic = secret;
    return Ntfy::create(options, clock);
  }
};
struct SlackKind {
  static constexpr const char* good_answer = "ok";
  static auto make(const Destination& server, const Clock& clock) {
    SlackOptions options;
    options.webhook = server;
    options.webhook.url += std::string("/services/") + secret;
    return Slack::create(options, clock);
  }
};
struct PagerDutyKind {
  static constexpr const char* good_answer = R"({"status":"success"})";
  static constexpr const char* good_status = "202";
  static auto make(const Destination& server, const Clock& clock) {
    PagerDutyOptions options;
    options.events = server;
    options.events.url += "/v2/enqueue";
    options.events.secrets = {secret};
    options.routing_key = secret;
    return PagerDuty::create(options, clock);
  }
};

template <class K>
struct HttpChannel : testing::Test {
  SystemClock clock;

  std::vector<std::string> with_good_body(std::vector<std::string> answers) {
    // The answer after the faults is the service's own.
    if constexpr (requires { K::good_status; }) answers.push_back(K::good_status);
    answers.insert(answers.begin(), {"--body", K::good_answer});
    return answers;
  }
  std::unique_ptr<Channel> channel(const std::string& url, const std::string& ca_file = "",
                                   std::chrono::milliseconds timeout = 15s) {
    Destination server;
    server.url = url;
    server.client.ca_file = ca_file;
    server.client.total_timeout = timeout;
    auto made = K::make(server, clock);
    EXPECT_TRUE(made.ok());
    return std::move(*made);
  }
  void expect(const Delivery& delivery, Kind kind, const std::string& what) {
    EXPECT_EQ(delivery.kind, kind) << what << ": " << delivery.text;
    EXPECT_THAT(delivery.text, Not(HasSubstr(secret)));
  }
};

using Kinds = testing::Types<WebhookKind, TelegramKind, NtfyKind, SlackKind, PagerDutyKind>;
TYPED_TEST_SUITE(HttpChannel, Kinds);

TYPED_TEST(HttpChannel, ServerErrorsAndLimitsAreTriedAgainAndThenItArrives) {
  Hook hook(this->with_good_body({"500", "503:Retry-After=90", "429:Retry-After=7", "408"}));
  const auto channel = this->channel(hook.url(""));
  this->expect(channel->deliver(ring_message(0), {}), Kind::retry, "500");
  EXPECT_EQ(channel->deliver(ring_message(0), {}).retry_after, 90s);
  const auto limited = channel->deliver(ring_message(0), {});
  this->expect(limited, Kind::retry, "429");
  EXPECT_EQ(limited.retry_after, 7s);
  EXPECT_EQ(limited.code, ErrorCode::resource);
  this->expect(channel->deliver(ring_message(0), {}), Kind::retry, "408");
  this->expect(channel->deliver(ring_message(0), {}), Kind::delivered, "at last");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(hook.next().connection, 1) << "kept alive over faults";
}

TYPED_TEST(HttpChannel, RedirectsAreNotFollowedNotEvenInACircle) {
  Hook hook(this->with_good_body({"302:Location=/", "307:Location=/", "301:Location=http://127.0.0.1:1/"}));
  const auto channel = this->channel(hook.url(""));
  for (int i = 0; i < 3; ++i)
    this->expect(channel->deliver(ring_message(0), {}), Kind::rejected, "a redirect");
  this->expect(channel->deliver(ring_message(0), {}), Kind::delivered, "the fourth request");
}

TYPED_TEST(HttpChannel, ResetInTheMiddleOfTheRequestOrTheAnswerIsTriedAgain) {
  Hook hook(this->with_good_body({"reset_request", "reset_response"}));
  const auto channel = this->channel(hook.url(""));
  for (int i = 0; i < 2; ++i) {
    const auto delivery = channel->deliver(ring_message(0), {});
    this->expect(delivery, Kind::retry, "reset");
    EXPECT_EQ(delivery.code, ErrorCode::network);
  }
  this->expect(channel->deliver(ring_message(0), {}), Kind::delivered, "after the resets");
}

TYPED_TEST(HttpChannel, SilenceAndDripsEndInATimeout) {
  Hook hook(this->with_good_body({"slow", "drip"}));
  const auto channel = this->channel(hook.url(""), "", 400ms);
  for (const auto* what : {"slow", "drip"}) {
    const auto delivery = channel->deliver(ring_message(0), {});
    this->expect(delivery, Kind::retry, what);
    EXPECT_EQ(delivery.code, ErrorCode::timeout) << what;
  }
}

// The kernel accepts for a server that never does: open on our side only.
TYPED_TEST(HttpChannel, AHalfOpenConnectionEndsInATimeout) {
  Listening half;
  const auto channel = this->channel("https://127.0.0.1:" + std::to_string(half.port), "", 400ms);
  const auto delivery = channel->deliver(ring_message(0), {});
  this->expect(delivery, Kind::retry, "half open");
  EXPECT_EQ(delivery.code, ErrorCode::timeout);
}

TYPED_TEST(HttpChannel, AStopEndsADeliveryThatIsUnderWay) {
  Hook hook(this->with_good_body({"slow"}));
  const auto channel = this->channel(hook.url(""), "", 600s);
  std::stop_source stop;
  std::jthread stopper([&] {
    hook.next();
    stop.request_stop();
  });
  const auto delivery = channel->deliver(ring_message(0), stop.get_token());
  this->expect(delivery, Kind::retry, "stopped");
  EXPECT_EQ(delivery.code, ErrorCode::cancelled);
}

TYPED_TEST(HttpChannel, ACertificateByAStrangerIsRefusedAndMendedByTheRightAuthority) {
  const auto& certificates = Certificates::get();
  auto arguments = this->with_good_body({});
  arguments.insert(arguments.begin(), {"--tls", certificates.certificate, certificates.key});
  Hook hook(arguments);
  const auto stranger = this->channel(hook.url("", "https"), certificates.stranger);
  const auto refused = stranger->deliver(ring_message(0), {});
  this->expect(refused, Kind::retry, "a stranger's certificate");
  EXPECT_EQ(refused.code, ErrorCode::auth);
  EXPECT_FALSE(stranger->reach({}).ok());
  const auto known = this->channel(hook.url("", "https"), certificates.authority);
  this->expect(known->deliver(ring_message(0), {}), Kind::delivered, "the right authority");
}

TYPED_TEST(HttpChannel, ANameWithoutAnAddressIsTriedAgainAndCannotBeReached) {
  const auto channel = this->channel("https://receiver.invalid");
  this->expect(channel->deliver(ring_message(0), {}), Kind::retry, "no such name");
  const auto reached = channel->reach({});
  ASSERT_FALSE(reached.ok());
  EXPECT_EQ(reached.error().code(), ErrorCode::not_found);
  EXPECT_THAT(reached.error().text(), Not(HasSubstr(secret)));
}

TYPED_TEST(HttpChannel, WhatTheServerSaysIsOneShortLineWithoutTheSecret) {
  const auto words = "first\\r\\n\\u001b[31m" + std::string(secret) + std::string(5000, 'x');
  const auto long_answer =
      R"({"description":")" + words + R"(","error":")" + words + R"(","message":")" + words + "\"}";
  Hook hook({"--body", long_answer, "400", "403"});
  const auto channel = this->channel(hook.url(""));
  for (int i = 0; i < 2; ++i) {
    const auto delivery = channel->deliver(ring_message(0), {});
    this->expect(delivery, Kind::rejected, "refused");
    EXPECT_THAT(delivery.text, HasSubstr("answered 40"));
    EXPECT_THAT(delivery.text, HasSubstr("first"));
    EXPECT_LT(delivery.text.size(), 400U);
    EXPECT_EQ(delivery.text.find_first_of("\r\n\x1b"), std::string::npos);
  }
}

}  // namespace
}  // namespace porchlight::notify
