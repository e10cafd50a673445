// SPDX-License-Identifier: Apache-2.0
#include "notify/telegram.hpp"

#include <gmock/gmock.h>

#include "notify/hook.hpp"
#include "notify/sink.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using Kind = Delivery::Kind;

const std::string token = "123456789:AAEtest_token-of-35-characters-xxxx";
const std::string photo_refused =
    R"([400, {"ok": false, "error_code": 400, "description": "Bad Request: PHOTO_INVALID_DIMENSIONS"}])";

std::unique_ptr<Channel> telegram(const std::string& api, bool silent = false,
                                  const std::string& chat = "-1001234567890") {
  static const SystemClock clock;
  TelegramOptions options;
  options.api.url = api;
  options.api.secrets = {token};
  options.token = token;
  options.chat = chat;
  options.silent = silent;
  auto made = Telegram::create(std::move(options), clock);
  EXPECT_TRUE(made.ok());
  return std::move(*made);
}

Message with_picture(std::uint32_t sequence) {
  auto message = ring_message(sequence);
  message.picture = small_picture();
  return message;
}

TEST(Telegram, TextThenPictureAsItsReplyThenTheNameIntoTheText) {
  Sink sink("telegram");
  const auto channel = telegram(sink.url());
  const auto first = channel->deliver(ring_message(0), {});
  ASSERT_EQ(first.kind, Kind::delivered) << first.text;
  EXPECT_EQ(first.receipt, "41");
  const auto text = sink.next();
  EXPECT_EQ(text["call"], "sendMessage");
  EXPECT_EQ(text["fields"]["chat_id"], -1001234567890);
  EXPECT_EQ(text["fields"]["text"], "Someone is at the door\nCamera: porch\nTime: 22:13");
  EXPECT_EQ(text["fields"]["entities"], (json{{{"type", "bold"}, {"offset", 0}, {"length", 22}}}));
  EXPECT_FALSE(text["fields"].contains("disable_notification")) << "the phone is to ring";

  auto picture = with_picture(1);
  picture.receipts = {{0, first.receipt}};
  const auto second = channel->deliver(picture, {});
  ASSERT_EQ(second.kind, Kind::delivered) << second.text;
  EXPECT_EQ(second.receipt, "42");
  const auto photo = sink.next();
  EXPECT_EQ(photo["call"], "sendPhoto");
  EXPECT_EQ(photo["fields"]["reply_parameters"]["message_id"], 41);
  EXPECT_EQ(photo["fields"]["disable_notification"], true) << "it has rung once";
  EXPECT_FALSE(photo["fields"].contains("caption")) << "the text stands above it";
  EXPECT_EQ(decode_base64(photo["photo"]), std::string(picture.picture->begin(), picture.picture->end()));

  auto name = ring_message(2);
  name.receipts = {{0, first.receipt}, {1, second.receipt}};
  const auto third = channel->deliver(name, {});
  ASSERT_EQ(third.kind, Kind::delivered) << third.text;
  const auto edit = sink.next();
  EXPECT_EQ(edit["call"], "editMessageText");
  EXPECT_EQ(edit["fields"]["message_id"], 41);
  EXPECT_THAT(edit["fields"]["text"].get<std::string>(), HasSubstr("Zoë"));
}

TEST(Telegram, AClipIsAQuietVideoBelowItsText) {
  Sink sink("telegram");
  const auto channel = telegram(sink.url());
  auto message = ring_message(3);
  message.clip = small_picture();
  const auto alone = channel->deliver(message, {});
  ASSERT_EQ(alone.kind, Kind::delivered) << alone.text;
  const auto first = sink.next();
  EXPECT_EQ(first["call"], "sendVideo");
  EXPECT_THAT(first["fields"]["caption"].get<std::string>(), HasSubstr("Camera: porch"));
  EXPECT_EQ(decode_base64(first["video"]), std::string(message.clip->begin(), message.clip->end()));
  message.receipts = {{0, alone.receipt}};
  ASSERT_EQ(channel->deliver(message, {}).kind, Kind::delivered);
  const auto below = sink.next();
  EXPECT_EQ(below["fields"]["reply_parameters"]["message_id"], std::stoll(alone.receipt));
  EXPECT_EQ(below["fields"]["disable_notification"], true);
  EXPECT_FALSE(below["fields"].contains("caption"));
}

TEST(Telegram, ARepeatedEditIsDelivered) {
  Sink sink("telegram");
  const auto channel = telegram(sink.url());
  auto name = ring_message(2);
  name.receipts = {{0, channel->deliver(ring_message(0), {}).receipt}};
  sink.next();
  EXPECT_EQ(channel->deliver(name, {}).kind, Kind::delivered);
  sink.next();
  const auto again = channel->deliver(name, {});
  EXPECT_EQ(again.kind, Kind::delivered) << again.text;
  EXPECT_EQ(again.receipt, "41");
  EXPECT_THAT(sink.next_of_any_kind()["refused"].get<std::string>(), HasSubstr("not modified"));
}

TEST(Telegram, WithoutAReceiptTheNameIsANewMessage) {
  Sink sink("telegram");
  EXPECT_EQ(telegram(sink.url())->deliver(ring_message(2), {}).kind, Kind::delivered);
  const auto sent = sink.next();
  EXPECT_EQ(sent["call"], "sendMessage");
  EXPECT_EQ(sent["fields"]["disable_notification"], true);
}

TEST(Telegram, ADeletedTextIsReplacedByANewMessage) {
  Sink sink("telegram");
  auto name = ring_message(2);
  name.receipts = {{0, "7"}};
  const auto delivery = telegram(sink.url())->deliver(name, {});
  EXPECT_EQ(delivery.kind, Kind::delivered) << delivery.text;
  EXPECT_EQ(sink.next_of_any_kind()["call"], "editMessageText");
  EXPECT_EQ(sink.next()["call"], "sendMessage");
}

TEST(Telegram, OnlyThePictureIsKnownThenItsCaptionTellsTheName) {
  Sink sink("telegram");
  const auto channel = telegram(sink.url());
  const auto photo = channel->deliver(with_picture(1), {});
  const auto sent = sink.next();
  EXPECT_EQ(sent["fields"]["caption"], "Someone is at the door\nCamera: porch\nTime: 22:13");
  auto name = ring_message(2);
  name.receipts = {{1, photo.receipt}};
  EXPECT_EQ(channel->deliver(name, {}).kind, Kind::delivered);
  const auto edit = sink.next();
  EXPECT_EQ(edit["call"], "editMessageCaption");
  EXPECT_THAT(edit["fields"]["caption"].get<std::string>(), HasSubstr("Zoë"));
}

TEST(Telegram, WhenThePhotoIsRefusedTheTextGoesAlone) {
  Sink sink("telegram", {photo_refused});
  const auto delivery = telegram(sink.url())->deliver(with_picture(1), {});
  EXPECT_EQ(delivery.kind, Kind::delivered) << delivery.text;
  EXPECT_EQ(sink.next()["call"], "sendPhoto");
  EXPECT_EQ(sink.next()["call"], "sendMessage");
}

TEST(Telegram, WhenTheTextStandsThereTheRefusedPhotoIsARefusal) {
  Sink sink("telegram", {"-", photo_refused});
  const auto channel = telegram(sink.url());
  auto picture = with_picture(1);
  picture.receipts = {{0, channel->deliver(ring_message(0), {}).receipt}};
  const auto delivery = channel->deliver(picture, {});
  EXPECT_EQ(delivery.kind, Kind::rejected);
  EXPECT_THAT(delivery.text, HasSubstr("PHOTO_INVALID_DIMENSIONS"));
}

TEST(Telegram, APictureThatIsGoneRepeatsNoText) {
  Sink sink("telegram");
  auto picture = ring_message(1);
  picture.receipts = {{0, "41"}};
  EXPECT_EQ(telegram(sink.url())->deliver(picture, {}).code, ErrorCode::not_found);
}

TEST(Telegram, APictureOverTheLimitIsNotSent) {
  Sink sink("telegram");
  auto message = ring_message(0);
  message.picture = std::make_shared<const std::vector<std::uint8_t>>(10'000'001, std::uint8_t{0xff});
  const auto delivery = telegram(sink.url())->deliver(message, {});
  EXPECT_EQ(delivery.kind, Kind::delivered) << delivery.text;
  EXPECT_EQ(sink.next()["call"], "sendMessage");
}

TEST(Telegram, LongTextsAreCutToWhatTelegramCounts) {
  Sink sink("telegram");
  const auto channel = telegram(sink.url());
  auto message = ring_message(0);
  message.words.title = std::string(100, 'x');
  for (int i = 0; i < 3000; ++i) message.words.text += "🔔";  // two UTF-16 units each
  EXPECT_EQ(channel->deliver(message, {}).kind, Kind::delivered);
  const auto text = sink.next()["fields"]["text"].get<std::string>();
  EXPECT_THAT(text, testing::EndsWith("🔔…"));
  EXPECT_GT(text.size(), 4 * 1990U);
  message.picture = small_picture();
  EXPECT_EQ(channel->deliver(message, {}).kind, Kind::delivered);
  EXPECT_THAT(sink.next()["fields"]["caption"].get<std::string>(), testing::EndsWith("🔔…"));
}

TEST(Telegram, ALinkIsAButtonAndStaysOneWhenTheTextIsEdited) {
  Sink sink("telegram");
  const auto channel = telegram(sink.url());
  auto message = ring_message(0);
  message.words.link = "https://home.example.org/l/abc";
  const auto button = json{{"inline_keyboard", {{{{"text", "Look"}, {"url", message.words.link}}}}}};
  auto name = ring_message(2);
  name.words.link = message.words.link;
  name.receipts = {{0, channel->deliver(message, {}).receipt}};
  EXPECT_EQ(sink.next()["fields"]["reply_markup"], button);
  EXPECT_EQ(channel->deliver(name, {}).kind, Kind::delivered);
  EXPECT_EQ(sink.next()["fields"]["reply_markup"], button);
}

TEST(Telegram, ALinkThatIsNoButtonForTelegramStandsInTheText) {
  Sink sink("telegram",
            {R"([400, {"ok": false, "error_code": 400, "description": "Bad Request: BUTTON_URL_INVALID"}])"});
  auto message = ring_message(0);
  message.words.link = "https://doorbell.local/l/abc";
  EXPECT_EQ(telegram(sink.url())->deliver(message, {}).kind, Kind::delivered);
  sink.next();
  const auto sent = sink.next();
  EXPECT_THAT(sent["fields"]["text"].get<std::string>(), HasSubstr("\nhttps://doorbell.local/l/abc"));
  EXPECT_FALSE(sent["fields"].contains("reply_markup"));
  EXPECT_EQ(sent["fields"]["link_preview_options"]["is_disabled"], true);
}

TEST(Telegram, SilentMeansSilentUnlessItIsCritical) {
  Sink sink("telegram");
  const auto channel = telegram(sink.url(), true);
  auto message = ring_message(0);
  EXPECT_EQ(channel->deliver(message, {}).kind, Kind::delivered);
  EXPECT_EQ(sink.next()["fields"]["disable_notification"], true);
  message.words.critical = true;
  EXPECT_EQ(channel->deliver(message, {}).kind, Kind::delivered);
  EXPECT_FALSE(sink.next()["fields"].contains("disable_notification"));
}

TEST(Telegram, AskedToWaitItWaitsAsLongAsTheBodySays) {
  Sink sink("telegram",
            {R"([429, {"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 17",
                              "parameters": {"retry_after": 17}}])"});
  const auto delivery = telegram(sink.url())->deliver(ring_message(0), {});
  EXPECT_EQ(delivery.kind, Kind::retry);
  EXPECT_EQ(delivery.retry_after, 17s);
  EXPECT_THAT(delivery.text, HasSubstr("Too Many Requests"));
}

TEST(Telegram, RefusalsBringTheServersWordsAndNoToken) {
  const std::vector<std::pair<std::string, std::string>> refusals{
      {R"([403, {"ok": false, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}])",
       "bot was blocked by the user"},
      {R"([400, {"ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded",
           "parameters": {"migrate_to_chat_id": -1009}}])",
       "the chat's number is now -1009"},
      {R"([404, "no such path: /bot)" + token + R"(/sendMessage"])", "no such path: /bot…/sendMessage"},
      {R"([302, "", {"Location": "/elsewhere"}])", "answered 302"}};
  std::vector<std::string> answers;
  for (const auto& [answer, words] : refusals) answers.push_back(answer);
  Sink sink("telegram", answers);
  const auto channel = telegram(sink.url());
  for (const auto& [answer, words] : refusals) {
    const auto delivery = channel->deliver(ring_message(0), {});
    EXPECT_EQ(delivery.kind, Kind::rejected) << answer;
    EXPECT_THAT(delivery.text, HasSubstr(words));
    EXPECT_THAT(delivery.text, Not(HasSubstr("AAEtest")));
  }
  const auto lost = telegram(sink.url(), false, "-5")->deliver(ring_message(0), {});
  EXPECT_EQ(lost.kind, Kind::rejected);
  EXPECT_THAT(lost.text, HasSubstr("chat not found"));
}

TEST(Telegram, AHotspotsPageIsNoDelivery) {
  Sink sink("telegram", {R"([200, "<html>log in first</html>"])", R"([200, {"ok": false}])"});
  const auto channel = telegram(sink.url());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(channel->deliver(ring_message(0), {}).kind, Kind::retry);
}

TEST(Telegram, ReachAsksForTheChatAndWritesNothing) {
  Sink sink("telegram");
  EXPECT_TRUE(telegram(sink.url())->reach({}).ok());
  EXPECT_EQ(sink.next()["call"], "getChat");
  const auto lost = telegram(sink.url(), false, "-5")->reach({});
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code(), ErrorCode::auth);
  EXPECT_THAT(lost.error().text(), HasSubstr("chat not found"));
}

}  // namespace
}  // namespace porchlight::notify
