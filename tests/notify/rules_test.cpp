// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/rules.hpp"

#include <gmock/gmock.h>

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

const std::vector<Rule> full_rules{
    {Occasion::ring, {"phone", "hook"}, true},     {Occasion::person_known, {"log"}, false},
    {Occasion::person_unknown, {"phone"}, false},  {Occasion::person_blacklisted, {"siren"}, true},
    {Occasion::camera_lost, {"mail"}, false},      {Occasion::camera_back, {"hook"}, false},
    {Occasion::security, {"siren", "mail"}, false}};

TEST(Rules, EachOccasionGoesWhereItsRuleSays) {
  EXPECT_THAT(route(full_rules, ring()), ElementsAre(Route{"phone", true}, Route{"hook", true}));
  EXPECT_THAT(route(full_rules, sighting(Verdict::known_person)), ElementsAre(Route{"log", false}));
  EXPECT_THAT(route(full_rules, sighting(Verdict::unknown_person)), ElementsAre(Route{"phone", false}));
  EXPECT_THAT(route(full_rules, sighting(Verdict::blacklist_match)), ElementsAre(Route{"siren", true}));
  EXPECT_THAT(route(full_rules, sighting(Verdict::no_face)), IsEmpty());
  EXPECT_THAT(route(full_rules, sighting(Verdict::error)), IsEmpty());
  EXPECT_THAT(route(full_rules, event::CameraLost{header(), "front", event::CameraFault::eof}),
              ElementsAre(Route{"mail", false}));
  EXPECT_THAT(route(full_rules, event::CameraBack{header(), "front", 1}), ElementsAre(Route{"hook", false}));
  EXPECT_THAT(route(full_rules, event::Security{header(), "tamper", "hardware", "logged", "", ""}),
              ElementsAre(Route{"siren", false}, Route{"mail", false}));
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
    auto answer = sighting(verdict);
    answer.ring_id = ring().header.id;
    EXPECT_EQ(route(full_rules, answer), route(full_rules, ring()));
  }
}

TEST(Rules, BlacklistedPersonIsToldOnceToEachChannel) {
  const event::Security match{header(),     "blacklist_match", "face_recognition",
                              "alert_sent", "front",           "Mallory"};
  EXPECT_THAT(route(full_rules, match), ElementsAre(Route{"mail", false}));
}

TEST(Rules, ChannelNamedByTwoRulesGetsOneMessageWithThePicture) {
  const std::vector<Rule> rules{{Occasion::ring, {"hook", "phone"}, false}, {Occasion::ring, {"hook"}, true}};
  EXPECT_THAT(route(rules, ring()), ElementsAre(Route{"hook", true}, Route{"phone", false}));
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
