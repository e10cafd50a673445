// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/link.hpp"

#include <gmock/gmock.h>

#include "porchlight/notify/answers.hpp"
#include "porchlight/notify/words.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

const std::string key = [] {
  std::string bytes;
  for (char c = 0; c < 32; ++c) bytes += c;
  return bytes;
}();
const auto event_id = *event::EventId::parse("0199d7b0-7c1e-7a52-9d1e-3f2b8c6a5e01");
const Link link{event_id, "mum", WallTime{1764123456s}};

// Computed by Python's hmac and base64.
constexpr const char* known = "AQGZ17B8HnpSnR4_K4xqXgFpJmNAbXVtrqf8tSCkQRyyrn6yRVSBNQ";

TEST(Link, IsTheDocumentedTextAndOpensAgain) {
  EXPECT_EQ(mint(key, link), known);
  const auto opened = opened_link(key, known);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->event, link.event);
  EXPECT_EQ(opened->channel, link.channel);
  EXPECT_EQ(opened->expires, link.expires);
}

TEST(Link, NoOtherCharacterAnywhereOpens) {
  const std::string token = known;
  for (std::size_t i = 0; i < token.size(); ++i)
    for (int byte = 0; byte < 256; ++byte) {
      auto other = token;
      other[i] = static_cast<char>(byte);
      if (other == token) continue;
      EXPECT_FALSE(opened_link(key, other).has_value()) << i << ' ' << byte;
    }
}

TEST(Link, NothingShorterLongerOrOfAnotherKeyOpens) {
  const std::string token = known;
  for (std::size_t i = 0; i < token.size(); ++i)
    EXPECT_FALSE(opened_link(key, token.substr(0, i)).has_value());
  for (const auto* more : {"A", "AA", "AAAA", "=", "."})
    EXPECT_FALSE(opened_link(key, token + more).has_value()) << more;
  EXPECT_FALSE(opened_link(key, std::string(1 << 20, 'A')).has_value());
  auto other = key;
  other.back() ^= 1;
  EXPECT_FALSE(opened_link(other, token).has_value());
}

// What a link stands for is all in what is signed.
TEST(Link, OfAnotherEventChannelOrTimeIsAnother) {
  auto event = link;
  event.event = event::EventId::generate(WallTime{1s});
  auto channel = link;
  channel.channel = "mumm";
  auto time = link;
  time.expires += 1s;
  for (const auto& other : {event, channel, time}) {
    EXPECT_NE(mint(key, other), known);
    EXPECT_EQ(opened_link(key, mint(key, other))->channel, other.channel);
    EXPECT_EQ(opened_link(key, mint(key, other))->expires, other.expires);
  }
}

store::OutboxRow row(WallTime happened) {
  store::OutboxRow made;
  made.key = {event_id, "mum", 2};
  made.happened = happened;
  return made;
}

TEST(LinkMaker, RepetitionsAndUpdatesCarryTheSameAddress) {
  const LinkMaker maker(key, "https://door.example.org/", 1h);
  auto first = row(WallTime{1764119856s});
  EXPECT_EQ(maker.address_for(first), std::string("https://door.example.org/l/") + known);
  first.key.sequence = 0;
  first.attempts = 7;
  first.created += 1min;
  EXPECT_EQ(maker.address_for(first), std::string("https://door.example.org/l/") + known);
  EXPECT_EQ(LinkMaker(key, "https://door.example.org", 1h).address_for(first), maker.address_for(first));
  EXPECT_THAT(LinkMaker(key, "https://a.example/porch//", 1h).address_for(first),
              StartsWith("https://a.example/porch/l/"));
}

TEST(LinkMaker, ExpiresWithinTheSecondItPromises) {
  const LinkMaker maker(key, "https://d", 1500ms);
  const auto address = maker.address_for(row(WallTime{1764119856s + 700ms}));
  EXPECT_EQ(opened_link(key, address.substr(address.rfind('/') + 1))->expires, WallTime{1764119858s});
}

store::LoggedEvent logged() {
  return {event_id,
          "ring",
          WallTime{1764119856s},
          "porch",
          R"({"id":"x","trace_id":"0af7651916cd43dd8448eb211c80319c"})",
          ""};
}
const std::map<std::string, std::string> types{{"mum", "telegram"}, {"dad", "email"}, {"duty", "pagerduty"}};

TEST(AnswerMessages, AReplyGoesToTheOthersWhoWereTold) {
  const store::EventAnswer answer{event_id, "link:mum", "I'm coming", WallTime{1764119900s}};
  store::AnswerOutcome outcome;
  outcome.acknowledged = outcome.replied = true;
  const auto rows = answer_messages(logged(), answer, outcome, {"dad", "duty", "gone", "mum"}, types, 4,
                                    WallTime{1764119901s});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].key, (store::RowKey{event_id, "duty", 1004}));
  EXPECT_EQ(rows[0].type, "acknowledged");
  EXPECT_EQ(rows[1].key, (store::RowKey{event_id, "dad", 1005}));
  EXPECT_EQ(rows[2].key, (store::RowKey{event_id, "duty", 1005}));
  for (const auto* reply : {&rows[1], &rows[2]}) {
    EXPECT_EQ(reply->type, "reply");
    EXPECT_EQ(reply->happened, logged().at) << "so its link is that of the other messages";
    EXPECT_THAT(reply->traceparent, StartsWith("00-0af7651916cd43dd8448eb211c80319c-"));
    EXPECT_GT(reply->expires, reply->created);
  }
  const auto english = words_of(rows[1], Language::english);
  EXPECT_EQ(english.title, "mum replies");
  EXPECT_THAT(english.text, StartsWith("I'm coming\nporch, "));
  EXPECT_EQ(words_of(rows[1], Language::german).title, "mum antwortet");
  EXPECT_EQ(words_of(rows[0], Language::english).title, "mum sees to it");
  EXPECT_EQ(words_of(rows[0], Language::german).title, "mum kümmert sich");
}

TEST(AnswerMessages, AnAcknowledgementAloneTellsNobodyButPagerduty) {
  store::AnswerOutcome outcome;
  outcome.acknowledged = true;
  const auto rows =
      answer_messages(logged(), {event_id, "anna", "", {}}, outcome, {"dad", "duty", "mum"}, types, 0, {});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].key.channel_id, "duty");
  EXPECT_THAT(rows[0].payload, HasSubstr(R"("by":"anna")"));
  EXPECT_TRUE(
      answer_messages(logged(), {event_id, "anna", "x", {}}, {}, {"dad", "mum"}, types, 0, {}).empty())
      << "what changed nothing tells nobody";
}

TEST(AnswerMessages, AReplyOfAnAccountGoesToEverybodyWhoWasTold) {
  store::AnswerOutcome outcome;
  outcome.replied = true;
  EXPECT_EQ(
      answer_messages(logged(), {event_id, "mum", "x", {}}, outcome, {"dad", "mum"}, types, 0, {}).size(),
      2U);
}

}  // namespace
}  // namespace porchlight::notify
