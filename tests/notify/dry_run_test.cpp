// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/dry_run.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "notify/local_time.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

Options options() {
  Options options;
  options.channels = {{"phone", "log", {}, Language::german}, {"mail", "log", {}}};
  options.rules = {{Occasion::ring, {"phone"}, true}, {Occasion::alert, {"mail"}}};
  options.rules[0].cooldown = 5min;
  options.rules[0].escalate = Escalation{2min, {"mail"}};
  options.cameras = {{"front", "Haustür"}};
  return options;
}

TEST(DryRun, SaysWhatEachRuleAndChannelWouldDo) {
  const InBerlin berlin;
  DryRun run(options());
  event::Ring ring{{event::EventId::generate(at("2026-07-05T16:04:30Z")), at("2026-07-05T16:04:30Z"), {}, {}},
                   "front",
                   "front"};
  const auto first = run.tell(ring);
  ASSERT_TRUE(first);
  EXPECT_EQ(run.text_of(*first),
            "5 July 2026, 18:04: ring\n"
            "  rule 1 (ring): matched\n"
            "  rule 2 (alert): when\n"
            "  to phone, with the picture:\n"
            "      Es klingelt\n"
            "      Haustür, 18:04\n"
            "  to mail, after 2 minutes unless somebody acknowledges, with the picture:\n"
            "      Someone is at the door\n"
            "      Haustür, 18:04\n"
            "      Nobody has answered yet.\n");
  const auto object = json::parse(run.json_of(*first));
  EXPECT_EQ(object.at("rules"), json({"matched", "when"}));
  EXPECT_EQ(object.at("told").at(1).at("after_ms"), 120'000);
  EXPECT_EQ(object.at("told").at(0).at("title"), "Es klingelt");
  ring.header.at += 1min;
  const auto second = run.tell(ring);
  ASSERT_TRUE(second);
  EXPECT_THAT(run.text_of(*second), testing::HasSubstr("cooldown"));
  EXPECT_THAT(run.text_of(*second), testing::HasSubstr("nobody is told"));
  ring.header.at -= 1ms;
  EXPECT_FALSE(run.tell(ring)) << "time does not run backwards";
}

TEST(DryRun, SaysWhoIsNotCalledAnyMore) {
  auto rules = options();
  rules.rules.push_back({Occasion::camera_lost, {"phone"}});
  rules.rules.back().escalate = Escalation{2min, {"mail"}};
  DryRun run(rules);
  const auto begin = at("2026-07-05T16:04:30Z");
  const auto header = [&](std::chrono::milliseconds later) {
    return event::Header{event::EventId::generate(begin + later), begin + later, {}, {}};
  };
  const event::CameraLost lost{header(0ms), "front", event::CameraFault::network};
  ASSERT_TRUE(run.tell(lost));
  const auto other = run.tell(event::CameraBack{header(1min), "yard", 60});
  EXPECT_EQ(json::parse(run.json_of(*other)).at("withdrawn"), json::array());
  const auto back = run.tell(event::CameraBack{header(2min - 1ms), "front", 60});
  EXPECT_EQ(json::parse(run.json_of(*back)).at("withdrawn"),
            json::array({json{{"event", lost.header.id.text()}, {"channel", "mail"}}}));
  EXPECT_THAT(run.text_of(*back), testing::HasSubstr("  mail is not called any more, because it is over\n"));
  ASSERT_TRUE(run.tell(event::CameraLost{header(3min), "front", event::CameraFault::network}));
  const auto late = run.tell(event::CameraBack{header(5min), "front", 60});
  EXPECT_TRUE(late->withdrawn.empty()) << "it has left";
}

TEST(DryRun, SaysWhoHearsOfEverything) {
  auto house = options();
  house.everything = {"mqtt"};
  DryRun run(house);
  const event::CameraLost lost{
      {event::EventId::generate(at("2026-07-05T16:04:30Z")), at("2026-07-05T16:04:30Z"), {}, {}},
      "front",
      event::CameraFault::network};
  const auto outcome = run.tell(lost);
  EXPECT_THAT(run.text_of(*outcome), testing::AllOf(testing::HasSubstr("nobody is told by a rule"),
                                                    testing::HasSubstr("to mqtt, as everything is")));
  EXPECT_EQ(json::parse(run.json_of(*outcome)).at("everything"), json::array({"mqtt"}));
}

TEST(DryRun, ShortFormsAreTheEventsTheySay) {
  const auto said = [](const std::vector<std::string>& words) {
    const auto event = event_of_words(words, {});
    if (!event) return std::string("refused");
    auto object = json::parse(event::to_json(*event));
    for (const auto* key : {"id", "time", "trace_id", "confidence", "distance", "track", "start"})
      object.erase(key);
    return object.dump();
  };
  EXPECT_EQ(said({"ring", "front"}), R"({"button":"front","trigger_source":"button_press","type":"ring"})");
  EXPECT_EQ(said({"person", "unknown", "yard"}),
            R"({"camera":"yard","result":"unknown_person","type":"sighting"})");
  EXPECT_EQ(said({"person", "known", "Zoë", "yard"}),
            R"({"camera":"yard","person":"Zoë","result":"known_person","type":"sighting"})");
  EXPECT_EQ(said({"person", "blacklisted", "Zoë", "yard"}),
            R"({"camera":"yard","person":"Zoë","result":"blacklist_match","type":"sighting"})");
  EXPECT_EQ(said({"motion", "yard"}), R"({"camera":"yard","type":"motion"})");
  EXPECT_EQ(said({"gap", "yard"}), R"({"camera":"yard","cause":"network","seconds":10.0,"type":"gap"})");
  EXPECT_EQ(said({"gap", "yard", "power_cut"}),
            R"({"camera":"yard","cause":"power_cut","seconds":10.0,"type":"gap"})");
  EXPECT_EQ(said({"disk", "read_only"}), R"({"fault":"read_only","folder":"","type":"disk"})");
  EXPECT_EQ(said({"camera", "lost", "yard"}), R"({"camera":"yard","fault":"network","type":"camera_lost"})");
  EXPECT_EQ(said({"camera", "back", "yard"}),
            R"({"camera":"yard","lost_seconds":60.0,"type":"camera_back"})");
  EXPECT_EQ(said({"security", "tamper"}), R"({"action":"","kind":"tamper","source":"","type":"security"})");
  EXPECT_EQ(
      said({"alert", "Disk", "critical"}),
      R"({"alert":"Disk","fingerprint":"Disk","severity":"critical","status":"firing","type":"alert"})");
  for (const auto& words : std::vector<std::vector<std::string>>{{},
                                                                 {"ring"},
                                                                 {"ring", "a", "b"},
                                                                 {"person"},
                                                                 {"person", "known", "yard"},
                                                                 {"person", "unknown", "x", "y"},
                                                                 {"person", "blue", "yard"},
                                                                 {"camera", "gone", "yard"},
                                                                 {"security"},
                                                                 {"alert"},
                                                                 {"gap"},
                                                                 {"gap", "yard", "blue"},
                                                                 {"disk"},
                                                                 {"disk", "\\"},
                                                                 {"motion"}})
    EXPECT_EQ(said(words), "refused");
}

}  // namespace
}  // namespace porchlight::notify
