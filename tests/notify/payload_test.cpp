// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/payload.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::StartsWith;

struct PayloadTest : testing::Test {
  SimulatedClock clock;
  event::Ring ring{event::make_header(clock), "front", "porch", event::TriggerSource::cli};
  event::Sighting sighting;
  PayloadTest() {
    sighting.header = event::make_header(clock);
    sighting.camera_id = "porch";
    sighting.verdict = event::Verdict::known_person;
    sighting.person = "Zoë";
    sighting.confidence = 0.93;
    sighting.distance = 0.31;
    sighting.model_version = "resnet-1";
    sighting.ring_id = ring.header.id;
  }
};

TEST_F(PayloadTest, RingSaysWhenWhereAndHowOldThePictureIs) {
  const auto row = message_of(ring, {"hook", true}, clock.wall() + 5ms, 42ms);
  EXPECT_EQ(json::parse(row.payload), (json{{"id", ring.header.id.text()},
                                            {"sequence", 0},
                                            {"type", "ring"},
                                            {"time", rfc3339(ring.header.at)},
                                            {"camera", "porch"},
                                            {"button", "front"},
                                            {"trigger_source", "cli"},
                                            {"trace_id", ring.header.trace.trace_text()},
                                            {"picture_age_ms", 42}}));
  EXPECT_EQ(row.key, (store::RowKey{ring.header.id, "hook", 0}));
  EXPECT_EQ(row.type, "ring");
  EXPECT_EQ(row.label, "doorbell_press");
  EXPECT_FALSE(row.picture) << "text leaves at once";
  EXPECT_EQ(row.happened, ring.header.at);
  EXPECT_EQ(row.created, clock.wall() + 5ms);
  EXPECT_EQ(row.next_attempt, row.created);
  EXPECT_EQ(row.expires, row.created + 1h);
  EXPECT_EQ(row.state, store::DeliveryState::pending);
  EXPECT_THAT(row.traceparent, StartsWith("00-" + ring.header.trace.trace_text() + "-"));
}

TEST_F(PayloadTest, RingWithoutAPictureHasNoAge) {
  const auto row = message_of(ring, {"hook", true}, clock.wall());
  EXPECT_FALSE(json::parse(row.payload).contains("picture_age_ms"));
}

TEST_F(PayloadTest, UpdatesKeepTheRingsIdAndCountUp) {
  const auto picture = picture_update_of(ring, {"hook", true}, clock.wall(), 42ms);
  const auto name = name_update_of(ring, sighting, {"hook", true}, clock.wall(), 42ms);
  EXPECT_EQ(picture.key, (store::RowKey{ring.header.id, "hook", 1}));
  EXPECT_EQ(name.key, (store::RowKey{ring.header.id, "hook", 2}));
  EXPECT_TRUE(picture.picture);
  EXPECT_FALSE(name.picture);
  EXPECT_EQ(picture.label, "") << "the picture belongs to a message that is counted already";
  EXPECT_EQ(name.label, "face_recognized");

  auto expected = json::parse(message_of(ring, {"hook", true}, clock.wall(), 42ms).payload);
  expected["type"] = "ring_update";
  expected["sequence"] = 1;
  EXPECT_EQ(json::parse(picture.payload), expected);
  expected["sequence"] = 2;
  expected["person"] = "Zoë";
  expected["result"] = "known_person";
  expected["confidence"] = 0.93;
  expected["distance"] = 0.31;
  expected["model_version"] = "resnet-1";
  EXPECT_EQ(json::parse(name.payload), expected);
}

TEST_F(PayloadTest, UnknownVisitorHasNoName) {
  sighting.verdict = event::Verdict::unknown_person;
  sighting.person.clear();
  const auto object = json::parse(name_update_of(ring, sighting, {"hook", false}, clock.wall(), {}).payload);
  EXPECT_EQ(object.at("result"), "unknown_person");
  EXPECT_FALSE(object.contains("person"));
  EXPECT_FALSE(object.contains("refused"));
  sighting.refused = event::Refusal::dark;
  const auto refused = json::parse(name_update_of(ring, sighting, {"hook", false}, clock.wall(), {}).payload);
  EXPECT_EQ(refused.at("refused"), "dark");
}

TEST_F(PayloadTest, OtherEventsAreTheirOwnJsonWithSequenceZero) {
  const event::CameraLost lost{event::make_header(clock), "porch", event::CameraFault::stalled};
  const auto row = message_of(lost, {"hook", false}, clock.wall());
  auto expected = json::parse(event::to_json(lost));
  expected["sequence"] = 0;
  EXPECT_EQ(json::parse(row.payload), expected);
  EXPECT_EQ(row.type, "camera_lost");
  EXPECT_EQ(row.label, "system_alert");
  EXPECT_EQ(row.expires, clock.wall() + 24h);
}

TEST_F(PayloadTest, EscalationIsDueLaterAndSaysSo) {
  Route later{"neighbour", true};
  later.after = 2min;
  clock.advance(3s);  // the event waited for the rules
  const auto row = message_of(ring, later, clock.wall());
  EXPECT_EQ(row.key, (store::RowKey{ring.header.id, "neighbour", 100}));
  EXPECT_EQ(row.next_attempt, ring.header.at + 2min);
  EXPECT_EQ(row.created, row.next_attempt) << "its wait is no age";
  EXPECT_EQ(row.expires, row.next_attempt + 1h);
  EXPECT_EQ(json::parse(row.payload).at("escalation"), true);
  EXPECT_EQ(json::parse(row.payload).at("sequence"), 100);
  clock.advance(5min);
  EXPECT_EQ(message_of(ring, later, clock.wall()).next_attempt, clock.wall()) << "late is not in the past";
}

TEST_F(PayloadTest, WordsOfTheRuleStayInTheHouse) {
  Route route{"hook", false};
  route.more = 3;
  route.words = {"{person}", "{camera}"};
  route.camera_name = "Front door";
  route.critical = true;
  const auto row = message_of(ring, route, clock.wall());
  EXPECT_EQ(
      json::parse(row.payload).at("words"),
      (json{{"title", "{person}"}, {"text", "{camera}"}, {"camera", "Front door"}, {"critical", true}}));
  const auto sent = json::parse(public_payload(row));
  EXPECT_FALSE(sent.contains("words"));
  EXPECT_EQ(sent.at("grouped"), 3);
  auto plain = json::parse(message_of(ring, {"hook", false}, clock.wall()).payload);
  plain["grouped"] = 3;
  EXPECT_EQ(sent, plain);
}

TEST_F(PayloadTest, WhoseRequestItWasIsKnownToTheHouseOnly) {
  const auto plain = message_of(ring, {"hook", false}, clock.wall()).payload;
  EXPECT_EQ(requested_by(message_of(ring, {"hook", false}, clock.wall())).id, "");
  ring.header.request_id = "ring-7";
  const auto alone = message_of(ring, {"hook", false}, clock.wall());
  EXPECT_EQ(requested_by(alone).id, "ring-7");
  EXPECT_EQ(requested_by(alone).correlation_id, "");
  ring.header.correlation_id = "story-1";
  for (const auto& row : {message_of(ring, {"hook", false}, clock.wall()),
                          picture_update_of(ring, {"hook", true}, clock.wall(), 40ms),
                          clip_update_of(ring, {"hook", false}, clock.wall())}) {
    EXPECT_EQ(requested_by(row).id, "ring-7") << row.key.sequence;
    EXPECT_EQ(requested_by(row).correlation_id, "story-1") << row.key.sequence;
    EXPECT_FALSE(json::parse(public_payload(row)).contains("request")) << row.key.sequence;
  }
  EXPECT_EQ(public_payload(message_of(ring, {"hook", false}, clock.wall())), plain);
}

TEST_F(PayloadTest, ARequestNamedLikeASecretIsNotKept) {
  ring.header.request_id = "pls_" + std::string(43, 'a');
  EXPECT_EQ(message_of(ring, {"hook", false}, clock.wall()).payload.find("pls_"), std::string::npos);
}

TEST_F(PayloadTest, UnreadablePayloadIsHandedOnAsItIs) {
  store::OutboxRow row;
  row.payload = "{\"words";
  EXPECT_EQ(public_payload(row), row.payload);
  EXPECT_EQ(requested_by(row).id, "");
  row.payload = R"({"request":{"id":7}})";
  EXPECT_EQ(requested_by(row).id, "");
}

}  // namespace
}  // namespace porchlight::notify
