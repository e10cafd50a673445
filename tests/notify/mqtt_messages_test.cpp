// SPDX-License-Identifier: Apache-2.0
#include "notify/mqtt_messages.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::UnorderedElementsAre;

struct MqttMessagesTest : testing::Test {
  SimulatedClock clock;
  MqttMessages messages{"home"};

  event::Ring ring(const std::string& camera = "porch") {
    return {event::make_header(clock), "front", camera, event::TriggerSource::button_press};
  }
  event::Sighting visit(event::Verdict verdict, const std::string& person = "") {
    event::Sighting sighting;
    sighting.header = event::make_header(clock);
    sighting.camera_id = "porch";
    sighting.verdict = verdict;
    sighting.person = person;
    return sighting;
  }
  Message message(const event::Event& event) {
    return {message_of(event, {"mqtt", true}, clock.wall()), nullptr, std::nullopt};
  }
  std::map<std::string, Publication> published(const Message& message) {
    const auto publications = messages.of(message);
    EXPECT_TRUE(publications.has_value());
    std::map<std::string, Publication> by_topic;
    for (const auto& publication : *publications) by_topic.emplace(publication.topic, publication);
    EXPECT_EQ(by_topic.size(), publications->size()) << "each to a topic of its own";
    messages.taken(message, *publications);
    return by_topic;
  }
  static std::vector<std::string> topics(const std::map<std::string, Publication>& published) {
    std::vector<std::string> names;
    for (const auto& [topic, publication] : published) names.push_back(topic);
    return names;
  }
};

TEST_F(MqttMessagesTest, RingIsAnEventAndTwoStates) {
  const auto rung = ring();
  const auto seen = published(message(rung));
  EXPECT_THAT(topics(seen), UnorderedElementsAre("home/porch/ring", "home/events", "home/porch/last_ring",
                                                 "home/porch/rings"));
  EXPECT_FALSE(seen.at("home/porch/ring").retain);
  EXPECT_FALSE(seen.at("home/events").retain);
  EXPECT_TRUE(seen.at("home/porch/last_ring").retain);
  EXPECT_EQ(seen.at("home/porch/last_ring").payload, rfc3339(rung.header.at));
  EXPECT_EQ(json::parse(seen.at("home/porch/ring").payload).at("event_type"), "ring");
  EXPECT_EQ(seen.at("home/events").id, rung.header.id.text() + ":0");
}

TEST_F(MqttMessagesTest, ButtonWithoutACameraIsItsOwnPlace) {
  EXPECT_TRUE(published(message(ring(""))).contains("home/front/ring"));
}

TEST_F(MqttMessagesTest, RepetitionCountsNothingAgain) {
  const auto first = message(ring());
  EXPECT_EQ(published(first).at("home/porch/rings").payload, "1");
  EXPECT_EQ(published(first).at("home/porch/rings").payload, "1");
  EXPECT_EQ(published(message(ring())).at("home/porch/rings").payload, "2");
}

TEST_F(MqttMessagesTest, StateNeverGoesBack) {
  const auto early = message(ring());
  clock.advance(1min);
  published(message(ring()));
  EXPECT_THAT(topics(published(early)), UnorderedElementsAre("home/porch/ring", "home/events"));
}

TEST_F(MqttMessagesTest, CountersAndStatesGoOnWhereAFormerOneEnded) {
  const auto late = message(ring());
  clock.advance(1min);
  const auto counted = message(ring());
  published(counted);
  MqttMessages next{"home"};
  next.inherit(messages);
  const auto rings_of = [&](MqttMessages& from, const Message& of) {
    const auto publications = from.of(of);
    for (const auto& publication : *publications)
      if (publication.topic.ends_with("/rings")) return publication.payload;
    return std::string("none");
  };
  EXPECT_EQ(rings_of(next, late), "none") << "older than what the topic says";
  EXPECT_EQ(rings_of(next, counted), "2") << "late was counted, the repetition was not";
  EXPECT_EQ(rings_of(next, message(ring())), "3");
  MqttMessages elsewhere{"cabin"};
  elsewhere.inherit(next);
  EXPECT_EQ(rings_of(elsewhere, message(ring())), "1") << "these are other topics";
}

TEST_F(MqttMessagesTest, RetainedPayloadMayStayWhileItNamesNobodyWhoIsForgotten) {
  const std::set<std::string> known{"Zoë"};
  EXPECT_TRUE(may_stay(R"({"person":"Zoë"})", known));
  EXPECT_TRUE(may_stay(R"({"result":"unknown_person"})", known));
  EXPECT_TRUE(may_stay("", known));
  EXPECT_FALSE(may_stay(R"({"person":"Anna"})", known));
  EXPECT_FALSE(may_stay(R"({"person":"Zoë"},)", known)) << "nobody knows what a damaged one says";
}

TEST_F(MqttMessagesTest, NamesAreForTheTopicOfPersons) {
  const auto seen = published(message(visit(event::Verdict::known_person, "Anna")));
  EXPECT_EQ(json::parse(seen.at("home/porch/person").payload).at("person"), "Anna");
  EXPECT_EQ(seen.at("home/events").payload.find("Anna"), std::string::npos);
  EXPECT_EQ(seen.at("home/porch/visitors_known").payload, "1");
}

TEST_F(MqttMessagesTest, OnlyVisitsCountAsVisitors) {
  const auto rung = ring();
  auto answer = visit(event::Verdict::unknown_person);
  answer.ring_id = rung.header.id;
  const Message update{name_update_of(rung, answer, {"mqtt", true}, clock.wall(), std::nullopt), nullptr,
                       std::nullopt};
  EXPECT_THAT(topics(published(update)), UnorderedElementsAre("home/porch/person", "home/events"));
  EXPECT_EQ(
      published(message(visit(event::Verdict::unknown_person))).at("home/porch/visitors_unknown").payload,
      "1");
  EXPECT_THAT(topics(published(message(visit(event::Verdict::blacklist_match, "Eve")))),
              UnorderedElementsAre("home/porch/person", "home/events"));
  EXPECT_THAT(topics(published(message(visit(event::Verdict::no_face)))),
              UnorderedElementsAre("home/events"));
}

TEST_F(MqttMessagesTest, PictureIsAState) {
  auto with_picture = message(visit(event::Verdict::unknown_person));
  with_picture.picture = std::make_shared<const std::vector<std::uint8_t>>(100, 0xd8);
  const auto seen = published(with_picture);
  EXPECT_EQ(seen.at("home/porch/snapshot").picture, with_picture.picture);
  EXPECT_TRUE(seen.at("home/porch/snapshot").retain);
}

TEST_F(MqttMessagesTest, DamagedPayloadIsNothing) {
  auto damaged = message(ring());
  damaged.row.payload = "{\"id\":";
  EXPECT_FALSE(messages.of(damaged).has_value());
}

}  // namespace
}  // namespace porchlight::notify
