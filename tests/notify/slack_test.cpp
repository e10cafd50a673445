// SPDX-License-Identifier: Apache-2.0
#include "notify/slack.hpp"

#include <gmock/gmock.h>

#include "notify/sink.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Kind = Delivery::Kind;

const std::string path = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";

std::unique_ptr<Channel> slack(const std::string& url) {
  static const SystemClock clock;
  SlackOptions options;
  options.webhook.url = url;
  auto made = Slack::create(std::move(options), clock);
  EXPECT_TRUE(made.ok());
  return std::move(*made);
}

TEST(Slack, TitleTextAndLinkWithTheThreeCharactersEscaped) {
  Sink sink("slack");
  auto message = message_of_type("sighting", {});
  message.words = {"Tom & <Jerry>", "a < b", "https://home.example.org/l/abc?x=1&y=2", false};
  const auto delivery = slack(sink.url(path))->deliver(message, {});
  ASSERT_EQ(delivery.kind, Kind::delivered) << delivery.text;
  const auto sent = sink.next()["message"];
  EXPECT_EQ(sent["text"], "Tom &amp; &lt;Jerry&gt;");
  ASSERT_EQ(sent["blocks"].size(), 2U);
  EXPECT_EQ(sent["blocks"][0]["text"]["text"], "*Tom &amp; &lt;Jerry&gt;*\na &lt; b");
  EXPECT_EQ(sent["blocks"][1]["text"]["text"], "<https://home.example.org/l/abc?x=1&amp;y=2|Look>");
}

TEST(Slack, ALongTextOfEscapesFitsIntoABlock) {
  Sink sink("slack");
  auto message = message_of_type("alert", {});
  message.words.title = std::string(3000, '&');
  message.words.text = std::string(5000, '<');
  EXPECT_EQ(slack(sink.url(path))->deliver(message, {}).kind, Kind::delivered);
  EXPECT_GT(sink.next()["message"]["blocks"][0]["text"]["text"].get<std::string>().size(), 1000U);
}

TEST(Slack, ThePictureIsPassedOverAndTheNameIsAMessage) {
  Sink sink("slack");
  const auto channel = slack(sink.url(path));
  auto picture = ring_message(1);
  picture.picture = small_picture();
  EXPECT_EQ(channel->deliver(picture, {}).kind, Kind::delivered);
  EXPECT_EQ(channel->deliver(ring_message(2), {}).kind, Kind::delivered);
  EXPECT_EQ(sink.next()["message"]["text"], "Someone is at the door: Zoë") << "the first that arrives";
}

TEST(Slack, RefusalsBringTheServersWordAndNotTheSecretPath) {
  const std::vector<std::pair<std::string, ErrorCode>> refusals{
      {R"([404, "no_service"])", ErrorCode::invalid_argument},
      {R"([403, "action_prohibited"])", ErrorCode::auth},
      {R"([410, "channel_is_archived"])", ErrorCode::invalid_argument},
      {R"([400, "invalid_payload"])", ErrorCode::invalid_argument}};
  std::vector<std::string> answers;
  for (const auto& [answer, code] : refusals) answers.push_back(answer);
  Sink sink("slack", answers);
  const auto channel = slack(sink.url(path));
  for (const auto& [answer, code] : refusals) {
    const auto delivery = channel->deliver(ring_message(0), {});
    EXPECT_EQ(delivery.kind, Kind::rejected) << answer;
    EXPECT_EQ(delivery.code, code) << answer;
    const auto words = nlohmann::json::parse(answer)[1].get<std::string>();
    EXPECT_THAT(delivery.text, HasSubstr(words));
    EXPECT_THAT(delivery.text, Not(HasSubstr("XXXX")));
  }
}

TEST(Slack, RateLimitIsWaitedForAndAPageThatIsNotSlackIsNoDelivery) {
  Sink sink("slack", {R"([429, "rate_limited", {"Retry-After": "30"}])", R"([200, "<html>welcome</html>"])"});
  const auto channel = slack(sink.url(path));
  const auto limited = channel->deliver(ring_message(0), {});
  EXPECT_EQ(limited.kind, Kind::retry);
  EXPECT_EQ(limited.retry_after, 30s);
  EXPECT_EQ(channel->deliver(ring_message(0), {}).kind, Kind::retry);
}

}  // namespace
}  // namespace porchlight::notify
