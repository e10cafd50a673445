// SPDX-License-Identifier: Apache-2.0
#include "notify/webhook.hpp"

#include <gmock/gmock.h>

#include "notify/hook.hpp"
#include "notify/retry_after.hpp"
#include "notify/signature.hpp"
#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const WallTime noon{std::chrono::seconds{1'700'000'000}};  // Tue, 14 Nov 2023 22:13:20 GMT

Message message_for(std::uint32_t sequence) {
  Message message;
  message.row.key = {*event::EventId::parse("018bcfe5-6800-7abc-8def-0123456789ab"), "hook", sequence};
  message.row.type = sequence == 0 ? "ring" : "ring_update";
  message.row.payload = R"({"id":"018bcfe5-6800-7abc-8def-0123456789ab","type":"ring"})";
  message.row.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  return message;
}

std::unique_ptr<Channel> webhook(WebhookOptions options, const Clock& clock) {
  auto made = Webhook::create(std::move(options), clock);
  EXPECT_TRUE(made.ok());
  return std::move(*made);
}

struct WebhookTest : testing::Test {
  SimulatedClock clock{noon};
};

TEST_F(WebhookTest, TextIsJsonWithIdentityAndTrace) {
  Hook hook;
  const auto channel = webhook({hook.url(), {{"Authorization", "Bearer t0ken"}}, {}}, clock);
  EXPECT_EQ(channel->deliver(message_for(0), {}).kind, Delivery::Kind::delivered);
  const auto hit = hook.next();
  EXPECT_EQ(hit.method, "POST");
  EXPECT_EQ(hit.headers.at("content-type"), "application/json");
  EXPECT_EQ(hit.headers.at("idempotency-key"), "018bcfe5-6800-7abc-8def-0123456789ab:0");
  EXPECT_EQ(hit.headers.at("x-porchlight-event"), "ring");
  EXPECT_EQ(hit.headers.at("traceparent"), message_for(0).row.traceparent);
  EXPECT_EQ(hit.headers.at("authorization"), "Bearer t0ken");
  EXPECT_EQ(hit.body, message_for(0).row.payload);
}

TEST_F(WebhookTest, NamesTheRequestThatItIsSentFor) {
  Hook hook;
  const auto channel = webhook({hook.url(), {}, {}}, clock);
  const auto named = webhook({hook.url(), {{"x-request-id", "mine"}}, {}}, clock);
  ASSERT_EQ(channel->deliver(message_for(0), {}).kind, Delivery::Kind::delivered);
  EXPECT_EQ(hook.next().headers.count("x-request-id"), 0u);
  telemetry::LogContext context;
  context.request_id = "r-1";
  const telemetry::ContextScope scope(context);
  ASSERT_EQ(channel->deliver(message_for(0), {}).kind, Delivery::Kind::delivered);
  const auto hit = hook.next();
  EXPECT_EQ(hit.headers.at("x-request-id"), "r-1");
  EXPECT_EQ(hit.headers.at("x-correlation-id"), "r-1");
  ASSERT_EQ(named->deliver(message_for(0), {}).kind, Delivery::Kind::delivered);
  EXPECT_EQ(hook.next().headers.at("x-request-id"), "mine");
}

TEST_F(WebhookTest, PictureGoesAsAFormOverTheSameConnection) {
  Hook hook;
  const auto channel = webhook({hook.url(), {}, {}}, clock);
  ASSERT_EQ(channel->deliver(message_for(0), {}).kind, Delivery::Kind::delivered);
  auto message = message_for(1);
  std::vector<std::uint8_t> jpeg{0xff, 0xd8, 0x00, 0x0d, 0x0a, 0xff, 0xd9};
  for (int i = 0; i < 50000; ++i) jpeg.push_back(static_cast<std::uint8_t>(i * i));
  message.picture = std::make_shared<const std::vector<std::uint8_t>>(jpeg);
  ASSERT_EQ(channel->deliver(message, {}).kind, Delivery::Kind::delivered);
  EXPECT_EQ(hook.next().connection, 1);
  const auto hit = hook.next();
  EXPECT_EQ(hit.connection, 1);
  EXPECT_EQ(hit.headers.at("idempotency-key"), "018bcfe5-6800-7abc-8def-0123456789ab:1");
  EXPECT_EQ(hit.headers.at("x-porchlight-event"), "ring_update");
  ASSERT_EQ(hit.parts.size(), 2U);
  EXPECT_EQ(hit.parts[0].name, "event");
  EXPECT_EQ(hit.parts[0].content_type, "application/json");
  EXPECT_EQ(hit.parts[0].body, message.row.payload);
  EXPECT_EQ(hit.parts[1].name, "picture");
  EXPECT_EQ(hit.parts[1].content_type, "image/jpeg");
  EXPECT_EQ(hit.parts[1].file_name, "snapshot.jpg");
  EXPECT_TRUE(hit.parts[1].body == std::string(jpeg.begin(), jpeg.end()));
}

store::JpegBytes film(const std::string& brand) {
  auto bytes = std::string(
                   "\0\0\0\x18"
                   "ftyp",
                   8) +
               brand;
  for (int i = 0; i < 50000; ++i) bytes += static_cast<char>(i * i);
  return std::make_shared<const std::vector<std::uint8_t>>(bytes.begin(), bytes.end());
}

TEST_F(WebhookTest, AClipGoesAsAFormUnderItsOwnType) {
  Hook hook;
  const auto channel = webhook({hook.url(), {}, {}}, clock);
  auto message = message_for(3);
  for (const auto* brand : {"isom", "qt  "}) {
    message.clip = film(brand);
    ASSERT_EQ(channel->deliver(message, {}).kind, Delivery::Kind::delivered);
    const auto hit = hook.next();
    ASSERT_EQ(hit.parts.size(), 2U);
    EXPECT_EQ(hit.parts[0].body, message.row.payload);
    EXPECT_EQ(hit.parts[1].name, "clip");
    const bool quicktime = std::string(brand) == "qt  ";
    EXPECT_EQ(hit.parts[1].content_type, quicktime ? "video/quicktime" : "video/mp4");
    EXPECT_EQ(hit.parts[1].file_name, quicktime ? "clip.mov" : "clip.mp4");
    EXPECT_TRUE(hit.parts[1].body == std::string(message.clip->begin(), message.clip->end()));
  }
}

TEST_F(WebhookTest, EachStatusHasItsMeaning) {
  using Kind = Delivery::Kind;
  const std::vector<std::pair<std::string, Kind>> meanings{
      {"200", Kind::delivered}, {"202", Kind::delivered}, {"204", Kind::delivered}, {"301", Kind::rejected},
      {"400", Kind::rejected},  {"401", Kind::rejected},  {"404", Kind::rejected},  {"410", Kind::rejected},
      {"408", Kind::retry},     {"425", Kind::retry},     {"429", Kind::retry},     {"500", Kind::retry},
      {"503", Kind::retry},     {"599", Kind::retry}};
  std::vector<std::string> answers;
  for (const auto& [status, kind] : meanings) answers.push_back(status);
  Hook hook(answers);
  const auto channel = webhook({hook.url("/hook?token=s3cret"), {}, {}}, clock);
  for (const auto& [status, kind] : meanings) {
    const auto delivery = channel->deliver(message_for(0), {});
    EXPECT_EQ(delivery.kind, kind) << status;
    if (kind != Kind::delivered) {
      EXPECT_THAT(delivery.text, HasSubstr(status));
      EXPECT_THAT(delivery.text, Not(HasSubstr("s3cret")));
    }
    EXPECT_FALSE(delivery.retry_after.has_value());
  }
}

TEST_F(WebhookTest, RetryAfterIsHandedOnInSecondsAndAsADate) {
  Hook hook({"503:Retry-After=90", "429:Retry-After=Tue, 14 Nov 2023 22:14:00 GMT", "503:Retry-After=soon"});
  const auto channel = webhook({hook.url(), {}, {}}, clock);
  EXPECT_EQ(channel->deliver(message_for(0), {}).retry_after, 90s);
  EXPECT_EQ(channel->deliver(message_for(0), {}).retry_after, 39s)
      << "the simulated clock begins a second on";
  EXPECT_EQ(channel->deliver(message_for(0), {}).retry_after, std::nullopt);
}

TEST_F(WebhookTest, BrokenConnectionsAreTriedAgain) {
  Hook hook({"reset_request", "reset_response"});
  const auto channel = webhook({hook.url(), {}, {}}, clock);
  for (int i = 0; i < 2; ++i) {
    const auto delivery = channel->deliver(message_for(0), {});
    EXPECT_EQ(delivery.kind, Delivery::Kind::retry) << i;
    EXPECT_EQ(delivery.code, ErrorCode::network);
  }
  EXPECT_EQ(channel->deliver(message_for(0), {}).kind, Delivery::Kind::delivered);
}

TEST_F(WebhookTest, UntrustedCertificateDeliversNothing) {
  const auto& certificates = Certificates::get();
  Hook hook({"--tls", certificates.certificate, certificates.key});
  WebhookOptions options{hook.url("/hook", "https"), {}, {}};
  options.client.ca_file = certificates.stranger;
  EXPECT_EQ(webhook(options, clock)->deliver(message_for(0), {}).code, ErrorCode::auth);
  options.client.ca_file = certificates.authority;
  EXPECT_EQ(webhook(options, clock)->deliver(message_for(7), {}).kind, Delivery::Kind::delivered);
  // The first request the server ever saw is the trusted one.
  EXPECT_THAT(hook.next().headers.at("idempotency-key"), HasSubstr(":7"));
}

TEST_F(WebhookTest, SignatureIsOverTheTimeAndTheBody) {
  Hook hook;
  const auto channel = webhook({hook.url(), {}, {}, "a secret"}, clock);
  EXPECT_EQ(channel->deliver(message_for(0), {}).kind, Delivery::Kind::delivered);
  // printf '1700000001.%s' BODY | openssl dgst -sha256 -hmac 'a secret'
  EXPECT_EQ(hook.next().headers.at("x-porchlight-signature"),
            "t=1700000001,v1=6125e52bf8831d810426349d9aea05abd63366f2bbf577b5ad68c1a41916993a");
  auto message = message_for(0);
  message.picture = std::make_shared<const std::vector<std::uint8_t>>(100, std::uint8_t{0xd8});
  EXPECT_EQ(channel->deliver(message, {}).kind, Delivery::Kind::delivered);
  EXPECT_EQ(hook.next().headers.at("x-porchlight-signature"),
            "t=1700000001,v1=6125e52bf8831d810426349d9aea05abd63366f2bbf577b5ad68c1a41916993a")
      << "of the part `event`, which is the same";
}

TEST_F(WebhookTest, WithoutASecretNothingIsSigned) {
  Hook hook;
  const auto channel = webhook({hook.url(), {}, {}}, clock);
  EXPECT_EQ(channel->deliver(message_for(0), {}).kind, Delivery::Kind::delivered);
  EXPECT_FALSE(hook.next().headers.contains("x-porchlight-signature"));
}

TEST_F(WebhookTest, CloudEventHasTheAttributesThatMustBeAndThePictureInItsData) {
  Hook hook;
  const auto channel = webhook({hook.url(), {}, {}, "a secret", "/porchlight"}, clock);
  auto message = message_for(1);
  message.row.payload =
      R"({"id":"018bcfe5-6800-7abc-8def-0123456789ab","type":"ring_update","camera":"porch"})";
  message.row.happened = noon;
  message.picture =
      std::make_shared<const std::vector<std::uint8_t>>(std::vector<std::uint8_t>{0xff, 0xd8, 0, 1});
  EXPECT_EQ(channel->deliver(message, {}).kind, Delivery::Kind::delivered);
  const auto hit = hook.next();
  EXPECT_EQ(hit.headers.at("content-type"), "application/cloudevents+json");
  auto data = nlohmann::json::parse(message.row.payload);
  data["picture"] = {{"content_type", "image/jpeg"}, {"base64", "/9gAAQ=="}};
  EXPECT_EQ(nlohmann::json::parse(hit.body), (nlohmann::json{{"specversion", "1.0"},
                                                             {"id", "018bcfe5-6800-7abc-8def-0123456789ab:1"},
                                                             {"source", "/porchlight"},
                                                             {"type", "porchlight.ring_update"},
                                                             {"time", "2023-11-14T22:13:20.000Z"},
                                                             {"subject", "porch"},
                                                             {"datacontenttype", "application/json"},
                                                             {"traceparent", message.row.traceparent},
                                                             {"data", data}}));
  EXPECT_EQ(hit.headers.at("x-porchlight-signature"), signature_of("a secret", hit.body, clock.wall()))
      << "of the whole body";
}

TEST_F(WebhookTest, RefusalsBringTheServersWordsButNoPage) {
  Hook hook({"--body", "no such recipient", "400"});
  EXPECT_THAT(webhook({hook.url(), {}, {}}, clock)->deliver(message_for(0), {}).text,
              testing::EndsWith("answered 400: no such recipient"));
  Hook page({"--body", "<html><h1>Bad Request</h1>", "400"});
  EXPECT_THAT(webhook({page.url(), {}, {}}, clock)->deliver(message_for(0), {}).text,
              testing::EndsWith("answered 400"));
}

TEST(RetryAfter, ReadsSecondsAndDatesAndNothingElse) {
  EXPECT_EQ(parse_retry_after("0", noon), 0ms);
  EXPECT_EQ(parse_retry_after("120", noon), 120s);
  EXPECT_EQ(parse_retry_after("Tue, 14 Nov 2023 22:13:30 GMT", noon), 10s);
  EXPECT_EQ(parse_retry_after("Tue, 14 Nov 2023 22:13:00 GMT", noon), 0ms) << "a date in the past";
  for (const auto* text :
       {"", "-1", "1.5", "soon", "9999999999999999999", "Tue, 14 Nov 2023 22:13:30", "1 2"})
    EXPECT_EQ(parse_retry_after(text, noon), std::nullopt) << text;
}

}  // namespace
}  // namespace porchlight::notify
