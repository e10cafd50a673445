// SPDX-License-Identifier: Apache-2.0
#include "notify/ntfy.hpp"

#include <gmock/gmock.h>

#include "notify/encoded_word.hpp"
#include "notify/hook.hpp"
#include "notify/sink.hpp"

namespace porchlight::notify {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using Kind = Delivery::Kind;

const std::string topic = "front-door_7Gk2";

std::unique_ptr<Channel> ntfy(const std::string& url, const std::string& authorization = "") {
  static const SystemClock clock;
  NtfyOptions options;
  options.server.url = url;
  options.server.secrets = {topic};
  options.topic = topic;
  options.authorization = authorization;
  auto made = Ntfy::create(std::move(options), clock);
  EXPECT_TRUE(made.ok());
  return std::move(*made);
}

TEST(Ntfy, TextIsJsonAndThePictureReplacesItAndTheNameKeepsThePicture) {
  Sink sink("ntfy");
  const auto channel = ntfy(sink.url());
  const auto first = channel->deliver(ring_message(0), {});
  ASSERT_EQ(first.kind, Kind::delivered) << first.text;
  EXPECT_EQ(first.receipt, "hwQ2YpKdmg");
  const auto text = sink.next();
  EXPECT_EQ(text["message"], (json{{"topic", topic},
                                   {"title", "Someone is at the door"},
                                   {"message", "Camera: porch\nTime: 22:13"},
                                   {"priority", 4},
                                   {"tags", {"bell"}},
                                   {"sequence_id", "018bcfe5-6800-7abc-8def-0123456789ab"}}));

  auto picture = ring_message(1);
  picture.picture = small_picture();
  picture.receipts = {{0, first.receipt}};
  const auto second = channel->deliver(picture, {});
  ASSERT_EQ(second.kind, Kind::delivered) << second.text;
  const auto photo = sink.next();
  EXPECT_EQ(photo["method"], "PUT");
  EXPECT_EQ(decode_base64(photo["picture"]), std::string(picture.picture->begin(), picture.picture->end()));
  EXPECT_EQ(photo["message"]["sequence_id"], text["message"]["sequence_id"]);
  EXPECT_EQ(photo["message"]["message"], "Camera: porch\nTime: 22:13");
  EXPECT_EQ(photo["message"]["filename"], "snapshot.jpg");
  EXPECT_EQ(photo["message"]["priority"], 2) << "it has rung once";

  auto name = ring_message(2);
  name.receipts = {{0, first.receipt}, {1, second.receipt}};
  ASSERT_EQ(channel->deliver(name, {}).kind, Kind::delivered);
  const auto named = sink.next();
  EXPECT_EQ(named["message"]["title"], "Someone is at the door: Zoë");
  EXPECT_EQ(named["message"]["attach"], "https://ntfy.example.org/file/xflakjwqi.jpg");
  EXPECT_EQ(named["message"]["sequence_id"], text["message"]["sequence_id"]);
}

TEST(Ntfy, AClipIsAQuietFileOfItsOwn) {
  Sink sink("ntfy");
  auto message = ring_message(3);
  message.clip = small_picture();
  const auto delivery = ntfy(sink.url())->deliver(message, {});
  ASSERT_EQ(delivery.kind, Kind::delivered) << delivery.text;
  const auto got = sink.next();
  EXPECT_EQ(got["method"], "PUT");
  EXPECT_EQ(decode_base64(got["clip"]), std::string(message.clip->begin(), message.clip->end()));
  EXPECT_EQ(got["message"]["filename"], "clip.mp4");
  EXPECT_EQ(got["message"]["priority"], 2);
  EXPECT_EQ(got["message"]["sequence_id"], "018bcfe5-6800-7abc-8def-0123456789ab-3") << "it replaces nothing";
}

TEST(Ntfy, ALinkIsTappedAndAnsweredByAButton) {
  Sink sink("ntfy");
  const auto channel = ntfy(sink.url());
  auto message = ring_message(0);
  message.words.link = "https://home.example.org/l/abc";
  message.words.title = "Zoë 🔔";
  for (const bool with_picture : {false, true}) {
    if (with_picture) message.picture = small_picture();
    const auto delivery = channel->deliver(message, {});
    ASSERT_EQ(delivery.kind, Kind::delivered) << delivery.text;
    const auto sent = sink.next()["message"];
    EXPECT_EQ(sent["click"], message.words.link);
    EXPECT_EQ(sent["title"], "Zoë 🔔");
    ASSERT_EQ(sent["actions"].size(), 2U);
    EXPECT_EQ(sent["actions"][0]["action"], "view");
    EXPECT_EQ(sent["actions"][1]["action"], "http");
    EXPECT_EQ(sent["actions"][1]["method"], "POST");
    EXPECT_EQ(sent["actions"][1]["body"], "action=acknowledge");
  }
}

TEST(Ntfy, CriticalIsUrgentAndWhatIsSaidLaterStandsBesideIt) {
  Sink sink("ntfy");
  const auto channel = ntfy(sink.url());
  auto message = ring_message(0);
  message.words.critical = true;
  EXPECT_EQ(channel->deliver(message, {}).kind, Kind::delivered);
  const auto critical = sink.next()["message"];
  EXPECT_EQ(critical["priority"], 5);
  EXPECT_EQ(critical["tags"], json{"rotating_light"});
  auto reply = message_of_type("reply", {});
  reply.row.key.sequence = 1001;
  EXPECT_EQ(channel->deliver(reply, {}).kind, Kind::delivered);
  EXPECT_EQ(sink.next()["message"]["sequence_id"], "018bcfe5-6800-7abc-8def-0123456789ab-1001");
}

TEST(Ntfy, LongTextsStayTexts) {
  Sink sink("ntfy");
  const auto channel = ntfy(sink.url());
  auto message = ring_message(0);
  for (int i = 0; i < 2000; ++i) message.words.text += "äöü";
  message.words.title = message.words.text;
  EXPECT_EQ(channel->deliver(message, {}).kind, Kind::delivered);
  EXPECT_THAT(sink.next()["message"]["message"].get<std::string>(), testing::EndsWith("…"));
  message.picture = small_picture();
  EXPECT_EQ(channel->deliver(message, {}).kind, Kind::delivered);
  sink.next();
}

TEST(Ntfy, AServerWithoutAttachmentsGetsTheTextAlone) {
  for (const auto* answer :
       {R"([400, {"code": 40014, "http": 400, "error": "invalid request: attachments not allowed"}])",
        R"([413, {"code": 41301, "http": 413, "error": "attachment too large"}])"}) {
    Sink sink("ntfy", {answer});
    auto message = ring_message(0);
    message.picture = small_picture();
    const auto delivery = ntfy(sink.url())->deliver(message, {});
    ASSERT_EQ(delivery.kind, Kind::delivered) << delivery.text;
    EXPECT_EQ(sink.next()["method"], "PUT");
    EXPECT_EQ(sink.next()["method"], "POST");
  }
}

TEST(Ntfy, WhereTheTextStandsTheRefusedPictureIsARefusal) {
  Sink sink("ntfy", {R"([400, {"code": 40014, "error": "invalid request: attachments not allowed"}])"});
  auto message = ring_message(1);
  message.picture = small_picture();
  message.receipts = {{0, "hwQ2YpKdmg"}};
  const auto delivery = ntfy(sink.url())->deliver(message, {});
  EXPECT_EQ(delivery.kind, Kind::rejected);
  EXPECT_THAT(delivery.text, HasSubstr("attachments not allowed"));
}

TEST(Ntfy, LoginIsAHeaderAndAWrongOneARefusalWithTheServersWord) {
  Sink sink("ntfy");
  EXPECT_EQ(ntfy(sink.url(), "Bearer tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2")->deliver(ring_message(0), {}).kind,
            Kind::delivered);
  EXPECT_EQ(ntfy(sink.url(), "Basic " + base64_of("phil:my:pass"))->deliver(ring_message(0), {}).kind,
            Kind::delivered);
  const auto delivery = ntfy(sink.url(), "Bearer tk_wrong")->deliver(ring_message(0), {});
  EXPECT_EQ(delivery.kind, Kind::rejected);
  EXPECT_EQ(delivery.code, ErrorCode::auth);
  EXPECT_THAT(delivery.text, HasSubstr("unauthorized"));
}

TEST(Ntfy, TheTopicIsAPasswordAndInNoText) {
  Sink sink("ntfy", {R"([403, {"code": 40301, "error": "forbidden: no access to front-door_7Gk2"}])"});
  const auto delivery = ntfy(sink.url())->deliver(ring_message(0), {});
  EXPECT_EQ(delivery.kind, Kind::rejected);
  EXPECT_THAT(delivery.text, HasSubstr("forbidden: no access to …"));
}

TEST(EncodedWord, PlainTextStandsAsItIsAndTheRestInWordsOfWholeCharacters) {
  EXPECT_EQ(encoded_words("bell, 22:13"), "bell, 22:13");
  EXPECT_EQ(encoded_words("ä"), "=?UTF-8?B?w6Q=?=");
  EXPECT_EQ(encoded_words("a\nb"), "=?UTF-8?B?YQpi?=");
  EXPECT_EQ(encoded_words("=?no?="), "=?UTF-8?B?PT9ubz89?=");
  EXPECT_EQ(encoded_words(" x"), "=?UTF-8?B?IHg=?=");
  std::string bells;
  for (int i = 0; i < 30; ++i) bells += "🔔";
  const auto words = encoded_words(bells);
  std::string decoded;
  for (std::size_t at = 0; at < words.size();) {
    const auto end = std::min(words.find(' ', at), words.size());
    const auto word = words.substr(at, end - at);
    EXPECT_LE(word.size(), 75U);
    const auto part = decode_base64(word.substr(10, word.size() - 12));
    EXPECT_EQ(part.size() % 4, 0U) << "a character was cut";
    decoded += part;
    at = end + 1;
  }
  EXPECT_EQ(decoded, bells);
}

}  // namespace
}  // namespace porchlight::notify
