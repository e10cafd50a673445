// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/rule_engine.hpp"

#include <gmock/gmock.h>

#include "notify/local_time.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using event::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;

const Rule unknown_to_phone{Occasion::person_unknown, {"phone"}};

struct RuleEngineTest : testing::Test {
  const InBerlin berlin;
  RuleEngine engine;
  WallTime wall = at("2026-11-26T12:00:00Z");  // a Thursday, 13:00
  MonotonicTime now{};

  void configure(std::vector<Rule> rules, std::map<std::string, Recipient> recipients = {}) {
    engine.configure({std::move(rules), std::move(recipients), {{"front", "Front door"}}});
  }
  void pass(std::chrono::milliseconds time) {
    wall += time;
    now += time;
  }
  event::Header header() const { return {event::EventId::generate(wall), wall, now, {}}; }
  event::Ring ring(const char* button = "front") const { return {header(), button, "front"}; }
  event::Sighting seen(Verdict verdict, const char* person = "", const char* camera = "front") const {
    event::Sighting sighting;
    sighting.header = header();
    sighting.verdict = verdict;
    sighting.person = person;
    sighting.camera_id = camera;
    return sighting;
  }
  event::Sighting stranger(const char* camera = "front") const {
    return seen(Verdict::unknown_person, "", camera);
  }
  Decision decide(const event::Event& event) { return engine.decide(event, wall, now); }
  Ruling ruling(const event::Event& event) { return decide(event).rules.at(0); }
  static std::vector<std::string> told(const Decision& decision) {
    std::vector<std::string> channels;
    for (const auto& route : decision.routes)
      channels.push_back(route.channel_id + (route.after > 0ms ? "+" : ""));
    return channels;
  }
};

TEST_F(RuleEngineTest, FirstCheckThatHoldsIsTheReason) {
  auto rule = Rule{Occasion::person_known, {"phone"}, false, false, {"yard"}, {"Zoë"}};
  rule.schedule = {*parse_window("08:00-09:00")};
  rule.quiet = {*parse_window("00:00-24:00")};
  configure({rule});
  EXPECT_EQ(ruling(ring()), Ruling::when);
  EXPECT_EQ(ruling(seen(Verdict::known_person, "Lia")), Ruling::camera);
  EXPECT_EQ(ruling(seen(Verdict::known_person, "Lia", "yard")), Ruling::person);
  EXPECT_EQ(ruling(seen(Verdict::known_person, "Zoë", "yard")), Ruling::schedule);
  wall = at("2026-11-26T07:30:00Z");
  EXPECT_EQ(ruling(seen(Verdict::known_person, "Zoë", "yard")), Ruling::quiet);
}

TEST_F(RuleEngineTest, CooldownEndsExactlyAndIsByPersonAndCamera) {
  auto rule = Rule{Occasion::person_known, {"phone"}};
  rule.cooldown = 5min;
  configure({rule});
  EXPECT_EQ(ruling(seen(Verdict::known_person, "Zoë")), Ruling::matched);
  pass(5min - 1ms);
  EXPECT_EQ(ruling(seen(Verdict::known_person, "Zoë")), Ruling::cooldown);
  EXPECT_EQ(ruling(seen(Verdict::known_person, "Lia")), Ruling::matched);
  EXPECT_EQ(ruling(seen(Verdict::known_person, "Zoë", "yard")), Ruling::matched);
  pass(1ms);
  EXPECT_EQ(ruling(seen(Verdict::known_person, "Zoë")), Ruling::matched)
      << "what was silent began nothing anew";
  pass(5min - 1ms);
  EXPECT_EQ(ruling(seen(Verdict::known_person, "Zoë")), Ruling::cooldown);
}

TEST_F(RuleEngineTest, SettingTheClockMovesNoCooldown) {
  auto rule = unknown_to_phone;
  rule.cooldown = 5min;
  configure({rule});
  decide(stranger());
  wall += 24h;
  EXPECT_EQ(ruling(stranger()), Ruling::cooldown);
  wall -= 48h;
  now += 5min;
  EXPECT_EQ(ruling(stranger()), Ruling::matched);
}

TEST_F(RuleEngineTest, GroupIsCountedForTheNextMessage) {
  auto rule = unknown_to_phone;
  rule.group = 30s;
  rule.cooldown = 1min;
  configure({rule});
  EXPECT_EQ(decide(stranger()).routes.at(0).more, 0U);
  for (int i = 0; i < 3; ++i) {
    pass(9s);
    EXPECT_EQ(ruling(stranger()), Ruling::grouped);
  }
  EXPECT_EQ(ruling(stranger("yard")), Ruling::matched);
  pass(3s);
  EXPECT_EQ(ruling(stranger()), Ruling::cooldown) << "not counted";
  pass(30s);
  EXPECT_EQ(decide(stranger()).routes.at(0).more, 3U);
  pass(1min);
  EXPECT_EQ(decide(stranger()).routes.at(0).more, 0U) << "told once";
}

TEST_F(RuleEngineTest, AlertsOfDifferentFingerprintsAndStatesAreDifferent) {
  auto rule = Rule{Occasion::alert, {"phone"}};
  rule.cooldown = 1h;
  configure({rule});
  event::Alert alert{header(), "A", "warning", true, "", "f1", ""};
  EXPECT_EQ(ruling(alert), Ruling::matched);
  EXPECT_EQ(ruling(alert), Ruling::cooldown);
  alert.firing = false;
  EXPECT_EQ(ruling(alert), Ruling::matched);
  alert.fingerprint = "f2";
  EXPECT_EQ(ruling(alert), Ruling::matched);
}

TEST_F(RuleEngineTest, CriticalPassesWhatOnlyMutes) {
  for (const bool critical : {false, true}) {
    auto rule = Rule{Occasion::ring, {"phone"}};
    rule.cooldown = rule.group = 1h;
    rule.quiet = {*parse_window("12:00-14:00")};
    rule.critical = critical;
    engine = {};
    configure({rule}, {{"phone", {{*parse_window("00:00-24:00")}, Rate{1, 1h}, {}}}});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(told(decide(ring())).size(), critical ? 1U : 0U) << i;
  }
}

TEST_F(RuleEngineTest, ScheduleAndExclusionHoldForTheCriticalToo) {
  auto night = Rule{Occasion::person_blacklisted, {"phone"}};
  night.schedule = {*parse_window("22:00-06:00")};
  configure({night, {Occasion::person_blacklisted, {"mallory"}}}, {{"mallory", {{}, {}, {"Mallory"}}}});
  const auto decision = decide(seen(Verdict::blacklist_match, "Mallory"));
  EXPECT_THAT(decision.rules, ElementsAre(Ruling::schedule, Ruling::matched));
  EXPECT_THAT(decision.skipped, ElementsAre(Decision::Skip{"mallory", 1, Ruling::excluded}));
  EXPECT_THAT(decision.routes, IsEmpty());
}

TEST_F(RuleEngineTest, WhatIsCriticalByItself) {
  configure({{Occasion::person_blacklisted, {"phone"}},
             {Occasion::security, {"phone"}},
             {Occasion::alert, {"phone"}},
             {Occasion::gap, {"phone"}},
             {Occasion::disk, {"phone"}},
             {Occasion::ring, {"phone"}}});
  const auto critical = [&](const event::Event& event) { return decide(event).routes.at(0).critical; };
  EXPECT_TRUE(critical(seen(Verdict::blacklist_match, "Mallory")));
  EXPECT_TRUE(critical(event::Security{header(), "tamper", "", "", "", ""}));
  EXPECT_TRUE(critical(event::Alert{header(), "A", "critical", true, "", "f", ""}));
  EXPECT_FALSE(critical(event::Alert{header(), "A", "critical", false, "", "f", ""}));
  EXPECT_FALSE(critical(event::Alert{header(), "A", "high", true, "", "f", ""}));
  EXPECT_FALSE(critical(ring()));
  for (const auto fault : event::disk_faults)
    EXPECT_EQ(critical(event::DiskTrouble{header(), "/srv", fault, {}}),
              fault != event::DiskFault::almost_full && fault != event::DiskFault::damaged_index &&
                  fault != event::DiskFault::back)
        << to_string(fault);
  EXPECT_FALSE(critical(event::FootageGap{header(), "front", event::GapCause::power_cut, {}, 60, {}}));
}

TEST_F(RuleEngineTest, BucketGivesBackOneByOne) {
  configure({unknown_to_phone}, {{"phone", {{}, Rate{2, 10s}, {}}}});
  const auto goes = [&] { return !decide(stranger()).routes.empty(); };
  EXPECT_TRUE(goes());
  pass(4s);
  EXPECT_TRUE(goes());
  EXPECT_FALSE(goes());
  pass(6s - 1ms);
  EXPECT_FALSE(goes());
  pass(1ms);
  EXPECT_TRUE(goes()) << "ten seconds after the first";
  EXPECT_FALSE(goes());
  pass(1h);
  EXPECT_TRUE(goes());
  EXPECT_TRUE(goes());
  EXPECT_FALSE(goes()) << "it holds no more than two";
}

TEST_F(RuleEngineTest, ChannelOfTwoRulesIsToldOnce) {
  Rule first{Occasion::ring, {"phone"}}, second{Occasion::ring, {"phone", "hook"}, true};
  first.words = {"first", ""};
  second.words = {"second", ""};
  second.critical = true;
  configure({first, second}, {{"phone", {{}, Rate{1, 1h}, {}}}});
  const auto decision = decide(ring());
  ASSERT_THAT(told(decision), ElementsAre("phone", "hook"));
  EXPECT_EQ(decision.routes[0].words.title, "first");
  EXPECT_TRUE(decision.routes[0].attach_snapshot);
  EXPECT_TRUE(decision.routes[0].critical);
  EXPECT_EQ(decision.routes[0].camera_name, "Front door");
  EXPECT_EQ(decision.routes[1].rule, 1U);
}

TEST_F(RuleEngineTest, AClipIsForWhoIsToldAtOnce) {
  Rule first{Occasion::ring, {"phone"}}, second{Occasion::ring, {"phone", "hook"}, true};
  second.attach_clip = true;
  second.escalate = Escalation{2min, {"neighbour"}};
  configure({first, second});
  const auto decision = decide(ring());
  ASSERT_THAT(told(decision), ElementsAre("phone", "hook", "neighbour+"));
  EXPECT_TRUE(decision.routes[0].attach_clip) << "by the second rule";
  EXPECT_TRUE(decision.routes[1].attach_clip);
  EXPECT_FALSE(decision.routes[2].attach_clip);
}

TEST_F(RuleEngineTest, RuleThatNobodyHeardRemembersNothing) {
  auto rule = unknown_to_phone;
  rule.cooldown = 1h;
  rule.escalate = Escalation{2min, {"neighbour"}};
  configure({rule}, {{"phone", {{*parse_window("12:00-14:00")}, {}, {}}}});
  EXPECT_THAT(decide(stranger()).skipped, ElementsAre(Decision::Skip{"phone", 0, Ruling::quiet}));
  EXPECT_THAT(told(decide(stranger())), IsEmpty());
  pass(1h);  // 14:00
  EXPECT_THAT(told(decide(stranger())), ElementsAre("phone", "neighbour+"));
  EXPECT_EQ(ruling(stranger()), Ruling::cooldown);
}

TEST_F(RuleEngineTest, EscalationAsksTheHourAtWhichItIsDue) {
  Rule rule{Occasion::ring, {"phone"}, true};
  rule.escalate = Escalation{2min, {"phone", "early", "late", "zoe"}};
  configure({rule}, {{"early", {{*parse_window("13:00-13:02")}, Rate{1, 1h}, {}}},
                     {"late", {{*parse_window("13:02-13:03")}, {}, {}}}});
  const auto decision = decide(ring());
  EXPECT_THAT(told(decision), ElementsAre("phone", "phone+", "early+", "zoe+"));
  EXPECT_EQ(decision.routes[2].after, 2min);
  EXPECT_TRUE(decision.routes[2].attach_snapshot);
  EXPECT_THAT(decision.skipped, ElementsAre(Decision::Skip{"late", 0, Ruling::quiet}));
  EXPECT_THAT(told(decide(ring())), ElementsAre("phone", "phone+", "early+", "zoe+")) << "no rate";
}

TEST_F(RuleEngineTest, EarlierOfTwoEscalationsStands) {
  Rule slow{Occasion::ring, {"a"}}, fast{Occasion::ring, {"b"}};
  slow.escalate = Escalation{10min, {"c"}};
  fast.escalate = Escalation{1min, {"c"}};
  configure({slow, fast});
  const auto decision = decide(ring());
  ASSERT_THAT(told(decision), ElementsAre("a", "c+", "b"));
  EXPECT_EQ(decision.routes[1].after, 1min);
}

TEST_F(RuleEngineTest, AnswerGoesWhereItsRingWentAndNoFurther) {
  Rule rule{Occasion::ring, {"phone", "zoe", "quiet"}};
  rule.escalate = Escalation{1min, {"neighbour"}};
  configure({rule, {Occasion::person_known, {"log"}}},
            {{"zoe", {{}, {}, {"Zoë"}}}, {"quiet", {{*parse_window("13:00-13:01")}, {}, {}}}});
  const auto rung = ring();
  EXPECT_THAT(told(decide(rung)), ElementsAre("phone", "zoe", "neighbour+"));
  pass(1min);  // who was silent at the ring does not hear its answer
  auto answer = seen(Verdict::known_person, "Zoë");
  answer.ring_id = rung.header.id;
  const auto decision = decide(answer);
  EXPECT_THAT(told(decision), ElementsAre("phone"));
  EXPECT_THAT(decision.rules, IsEmpty());
  EXPECT_THAT(decision.skipped, ElementsAre(Decision::Skip{"zoe", 0, Ruling::excluded}));
  for (int i = 0; i < 31; ++i) decide(ring());
  EXPECT_THAT(told(decide(answer)), ElementsAre("phone"));
  decide(ring());
  EXPECT_THAT(told(decide(answer)), IsEmpty()) << "32 rings are remembered";
}

TEST_F(RuleEngineTest, BlacklistedFaceIsToldByTheSightingWhereARuleForItFits) {
  Rule sighting{Occasion::person_blacklisted, {"phone"}, false, false, {"front"}};
  sighting.schedule = {*parse_window("08:00-18:00")};
  sighting.cooldown = 1h;
  configure({sighting, {Occasion::security, {"phone", "mail"}}});
  event::Security match{header(), "blacklist_match", "face_recognition", "", "front", "Mallory"};
  for (int i = 0; i < 2; ++i) {
    decide(seen(Verdict::blacklist_match, "Mallory"));
    const auto decision = decide(match);
    EXPECT_THAT(told(decision), ElementsAre("mail"));
    EXPECT_THAT(decision.skipped, ElementsAre(Decision::Skip{"phone", 1, Ruling::told}));
    EXPECT_TRUE(decision.told_as_sighting);
  }
  match.camera_id = "yard";
  EXPECT_THAT(told(decide(match)), ElementsAre("phone", "mail"));
  match.camera_id = "front";
  pass(6h);
  EXPECT_THAT(told(decide(match)), ElementsAre("phone", "mail")) << "no sighting is told at this hour";
}

TEST_F(RuleEngineTest, ChangedRulesForgetAndOthersDoNot) {
  auto kept = unknown_to_phone, changed = unknown_to_phone;
  kept.cooldown = changed.cooldown = 1h;
  changed.to = {"hook"};
  std::map<std::string, Recipient> recipients{{"slow", {{}, Rate{1, 1h}, {}}},
                                              {"other", {{}, Rate{1, 1h}, {}}}};
  const Rule by_rate{Occasion::ring, {"slow", "other"}};
  configure({changed, kept, by_rate}, recipients);
  decide(stranger());
  EXPECT_THAT(told(decide(ring())), ElementsAre("slow", "other"));
  changed.cooldown = 2h;
  recipients["other"].rate->burst = 2;
  configure({kept, by_rate, changed}, recipients);
  EXPECT_THAT(decide(stranger()).rules, ElementsAre(Ruling::cooldown, Ruling::when, Ruling::matched));
  EXPECT_THAT(told(decide(ring())), ElementsAre("other"));
}

TEST_F(RuleEngineTest, MemoryIsBounded) {
  auto rule = Rule{Occasion::alert, {"phone"}};
  rule.cooldown = 24h;
  configure({rule});
  event::Alert alert{header(), "A", "warning", true, "", "", ""};
  for (int i = 0; i < 513; ++i) {
    alert.fingerprint = std::to_string(i);
    EXPECT_EQ(ruling(alert), Ruling::matched);
    pass(1ms);
  }
  EXPECT_EQ(ruling(alert), Ruling::cooldown);
  alert.fingerprint = "0";
  EXPECT_EQ(ruling(alert), Ruling::matched) << "the oldest gave way";
}

TEST_F(RuleEngineTest, AlertsOfAnotherSeverityAreForOtherRules) {
  auto rule = Rule{Occasion::alert, {"phone"}};
  rule.severities = {"critical", "high"};
  configure({rule});
  event::Alert alert{header(), "A", "high", true, "", "f1", ""};
  EXPECT_EQ(ruling(alert), Ruling::matched);
  alert.severity = "info";
  EXPECT_EQ(ruling(alert), Ruling::severity);
  EXPECT_EQ(to_string(Ruling::severity), "severity");
}

TEST_F(RuleEngineTest, WhatIsOverCallsNobody) {
  auto rule = Rule{Occasion::alert, {"phone"}};
  rule.escalate = Escalation{2min, {"mail"}};
  configure({rule});
  event::Alert alert{header(), "A", "high", true, "", "f1", ""};
  EXPECT_THAT(told(decide(alert)), ElementsAre("phone", "mail+"));
  alert.firing = false;
  EXPECT_THAT(told(decide(alert)), ElementsAre("phone"));
}

}  // namespace
}  // namespace porchlight::notify
