// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/rules.hpp"

#include <gmock/gmock.h>

#include "porchlight/notify/rule_engine.hpp"

namespace porchlight::notify {
namespace {

using event::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;

event::Header header() {
  static const SystemClock clock;
  return event::make_header(clock);
}

event::Sighting sighting(Verdict verdict) {
  event::Sighting out;
  out.header = header();
  out.camera_id = "front";
  out.verdict = verdict;
  return out;
}

event::Ring ring() {
  return {header(), "front", "front", event::TriggerSource::button_press};
}

const std::vector<Rule> full_rules{{Occasion::ring, {"phone", "hook"}, true},
                                   {Occasion::person_known, {"log"}, false},
                                   {Occasion::person_unknown, {"phone"}, false},
                                   {Occasion::person_blacklisted, {"siren"}, true},
                                   {Occasion::camera_lost, {"mail"}, false},
                                   {Occasion::camera_back, {"hook"}, false},
                                   {Occasion::security, {"siren", "mail"}, false},
                                   {Occasion::gap, {"log"}, false},
                                   {Occasion::disk, {"mail"}, false}};

// Who is told, and whether with the picture, by an engine that saw nothing before.
std::vector<std::pair<std::string, bool>> route(const std::vector<Rule>& rules, const event::Event& event,
                                                const std::vector<event::Event>& before = {}) {
  RuleEngine engine;
  engine.configure({rules, {}, {}});
  for (const auto& earlier : before) engine.decide(earlier, WallTime{}, MonotonicTime{});
  std::vector<std::pair<std::string, bool>> told;
  for (const auto& to : engine.decide(event, WallTime{}, MonotonicTime{}).routes)
    told.emplace_back(to.channel_id, to.attach_snapshot);
  return told;
}

TEST(Rules, EachOccasionGoesWhereItsRuleSays) {
  EXPECT_THAT(route(full_rules, ring()),
              ElementsAre(std::pair(std::string("phone"), true), std::pair(std::string("hook"), true)));
  EXPECT_THAT(route(full_rules, sighting(Verdict::known_person)),
              ElementsAre(std::pair(std::string("log"), false)));
  EXPECT_THAT(route(full_rules, sighting(Verdict::unknown_person)),
              ElementsAre(std::pair(std::string("phone"), false)));
  EXPECT_THAT(route(full_rules, sighting(Verdict::blacklist_match)),
              ElementsAre(std::pair(std::string("siren"), true)));
  EXPECT_THAT(route(full_rules, sighting(Verdict::no_face)), IsEmpty());
  EXPECT_THAT(route(full_rules, sighting(Verdict::error)), IsEmpty());
  EXPECT_THAT(route(full_rules, event::CameraLost{header(), "front", event::CameraFault::eof}),
              ElementsAre(std::pair(std::string("mail"), false)));
  EXPECT_THAT(route(full_rules, event::CameraBack{header(), "front", 1}),
              ElementsAre(std::pair(std::string("hook"), false)));
  EXPECT_THAT(route(full_rules, event::Security{header(), "tamper", "hardware", "logged", "", ""}),
              ElementsAre(std::pair(std::string("siren"), false), std::pair(std::string("mail"), false)));
  EXPECT_THAT(route(full_rules, event::FootageGap{header(), "front", event::GapCause::eof, {}, 10, {}}),
              ElementsAre(std::pair(std::string("log"), false)));
  EXPECT_THAT(route(full_rules, event::DiskTrouble{header(), "/srv", event::DiskFault::full, {}}),
              ElementsAre(std::pair(std::string("mail"), false)));
  event::ButtonTrouble trouble;
  trouble.header = header();
  EXPECT_THAT(route(full_rules, trouble), IsEmpty());
}

TEST(Rules, KnownVisitorNotifiesOnlyWhereARuleSaysSo) {
  const std::vector<Rule> rules{{Occasion::ring, {"hook"}, true},
                                {Occasion::person_unknown, {"hook"}, false}};
  EXPECT_THAT(route(rules, sighting(Verdict::known_person)), IsEmpty());
}

TEST(Rules, AnswerToARingFollowsTheRingWhoeverItIs) {
  for (const auto verdict :
       {Verdict::known_person, Verdict::unknown_person, Verdict::blacklist_match, Verdict::no_face}) {
    const auto rung = ring();
    auto answer = sighting(verdict);
    answer.ring_id = rung.header.id;
    EXPECT_EQ(route(full_rules, answer, {rung}), route(full_rules, rung));
    answer.ring_id = ring().header.id;
    EXPECT_THAT(route(full_rules, answer, {rung}), IsEmpty()) << "where that ring went is not known";
  }
}

TEST(Rules, BlacklistedPersonIsToldOnceToEachChannel) {
  const event::Security match{header(),     "blacklist_match", "face_recognition",
                              "alert_sent", "front",           "Mallory"};
  EXPECT_THAT(route(full_rules, match), ElementsAre(std::pair(std::string("mail"), false)));
}

TEST(Rules, ChannelNamedByTwoRulesGetsOneMessageWithThePicture) {
  const std::vector<Rule> rules{{Occasion::ring, {"hook", "phone"}, false}, {Occasion::ring, {"hook"}, true}};
  EXPECT_THAT(route(rules, ring()),
              ElementsAre(std::pair(std::string("hook"), true), std::pair(std::string("phone"), false)));
}

TEST(Rules, BlacklistedOutranksUnknownOutranksKnown) {
  const std::vector<Verdict> order{Verdict::blacklist_match, Verdict::unknown_person, Verdict::known_person,
                                   Verdict::no_face, Verdict::error};
  for (std::size_t a = 0; a < order.size(); ++a)
    for (std::size_t b = 0; b < order.size(); ++b) EXPECT_EQ(outranks(order[a], order[b]), a < b);
}

TEST(Rules, LabelsAreTheOnesOfTheMetric) {
  EXPECT_EQ(label_of(ring()), "doorbell_press");
  auto test = ring();
  test.source = event::TriggerSource::test;
  EXPECT_EQ(label_of(test), "test");
  EXPECT_EQ(label_of(sighting(Verdict::known_person)), "face_recognized");
  EXPECT_EQ(label_of(sighting(Verdict::unknown_person)), "unknown_person");
  EXPECT_EQ(label_of(sighting(Verdict::blacklist_match)), "blacklist_match");
  EXPECT_EQ(label_of(sighting(Verdict::no_face)), "");
  EXPECT_EQ(label_of(event::CameraBack{header(), "front", 1}), "system_alert");
  EXPECT_EQ(label_of(event::Security{header(), "tamper", "", "", "", ""}), "system_alert");
  EXPECT_EQ(label_of(event::Security{header(), "blacklist_match", "", "", "", ""}), "blacklist_match");
}

}  // namespace
}  // namespace porchlight::notify
