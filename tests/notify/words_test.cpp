// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/words.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "notify/local_time.hpp"
#include "notify/phrases.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;

struct WordsTest : testing::Test {
  const InBerlin berlin;
  event::Header header{
      event::EventId::generate(at("2026-07-05T16:04:30Z")), at("2026-07-05T16:04:30Z"), {}, {}};
  Route route{"phone", false};

  Words words(const event::Event& event, Language language = Language::english) const {
    return words_of(message_of(event, route, header.at), language, "https://door.example/l/x");
  }
  std::string both(const event::Event& event) const {
    const auto english = words(event), german = words(event, Language::german);
    return english.title + " | " + english.text + " || " + german.title + " | " + german.text;
  }
};

TEST_F(WordsTest, EveryEventIsSaidInBothLanguages) {
  route.camera_name = "Front door";
  const event::Ring ring{header, "front", "front"};
  EXPECT_EQ(both(ring), "Someone is at the door | Front door, 18:04 || Es klingelt | Front door, 18:04");
  event::Sighting seen;
  seen.header = header;
  seen.camera_id = "front";
  EXPECT_EQ(both(seen),
            "An unknown person | Front door, 18:04 || Eine unbekannte Person | Front door, 18:04");
  seen.verdict = event::Verdict::blacklist_match;
  seen.person = "Mallory";
  EXPECT_EQ(
      both(seen),
      "Blacklisted person: Mallory | Front door, 18:04 || Gesperrte Person: Mallory | Front door, 18:04");
  seen.verdict = event::Verdict::known_person;
  EXPECT_EQ(words(seen).title, "Mallory");
  seen.person.clear();
  EXPECT_EQ(words(seen, Language::german).title, "Eine bekannte Person") << "the name was forgotten";
  EXPECT_EQ(both(event::CameraLost{header, "front", event::CameraFault::stalled}),
            "Camera lost | Front door, 18:04\nIt sends no new pictures. || Kamera ausgefallen | Front door, "
            "18:04\nSie sendet keine neuen Bilder.");
  EXPECT_EQ(both(event::CameraBack{header, "front", 61.5}),
            "Camera back | Front door, 18:04\nIt was away for 1 minute || Kamera wieder da | Front door, "
            "18:04\nSie war weg: 1 Minute");
  event::Motion motion{header, "front", {}, {}, {}};
  EXPECT_EQ(both(motion), "Motion | Front door, 18:04 || Bewegung | Front door, 18:04");
  motion.zones = {{"drive", "The drive"}, {"gate", "The gate"}};
  EXPECT_EQ(words(motion).text, "Front door, 18:04\nThe drive, The gate");
  event::FootageGap gap{header, "front", event::GapCause::disk_full, {}, 10, "No space left on device"};
  EXPECT_EQ(
      both(gap),
      "Gap in the footage | Front door, 18:04\nThe disk was full.\nNothing is recorded; it goes on.\nNo "
      "space left on device || Lücke in der Aufnahme | Front door, 18:04\nDer Speicher war voll.\nEs wird "
      "nichts aufgenommen, noch immer.\nNo space left on device");
  gap.ended = header.at + 61s;
  gap.seconds = 61;
  gap.detail.clear();
  EXPECT_EQ(words(gap).text, "Front door, 18:04\nThe disk was full.\nNothing was recorded for 1 minute");
  EXPECT_EQ(words(gap, Language::german).text,
            "Front door, 18:04\nDer Speicher war voll.\nNichts aufgenommen: 1 Minute");
  route.camera_name.clear();  // none of these has a camera
  event::DiskTrouble trouble{header, "/srv/footage", event::DiskFault::read_only, "Read-only file system"};
  EXPECT_EQ(both(trouble),
            "Trouble with the footage's disk | 18:04\nIt cannot be written; nothing is "
            "recorded.\n/srv/footage\nRead-only file system || Störung am Aufnahmespeicher | 18:04\nEr lässt "
            "sich nicht beschreiben, es wird nichts aufgenommen.\n/srv/footage\nRead-only file system");
  trouble.fault = event::DiskFault::back;
  trouble.detail.clear();
  EXPECT_EQ(both(trouble),
            "The footage's disk is well again | 18:04\n/srv/footage || Aufnahmespeicher wieder in Ordnung | "
            "18:04\n/srv/footage");
  EXPECT_EQ(both(event::Security{header, "tamper", "hardware", "", "", ""}),
            "Tampering | 18:04 || Manipulation | 18:04");
  const event::Alert alert{header, "DiskFull", "critical", true, "Disk is full.", "f", ""};
  EXPECT_EQ(both(alert),
            "DiskFull | 18:04\nCritical\nDisk is full. || DiskFull | 18:04\nKritisch\nDisk is full.");
  auto over = alert;
  over.firing = false;
  EXPECT_EQ(words(over).title, "Resolved: DiskFull");
  EXPECT_EQ(words(over, Language::german).title, "Behoben: DiskFull");
}

TEST_F(WordsTest, EveryCauseOfAGapAndEveryFaultOfADiskHasWords) {
  for (const auto cause : event::gap_causes)
    for (const auto language : {Language::english, Language::german})
      EXPECT_NE(say("cause." + std::string(to_string(cause)), language), "") << to_string(cause);
  for (const auto fault : event::disk_faults)
    for (const auto language : {Language::english, Language::german})
      EXPECT_NE(say("disk." + std::string(to_string(fault)), language), "") << to_string(fault);
}

TEST_F(WordsTest, UpdateSaysWhoRang) {
  const event::Ring ring{header, "front", "front"};
  event::Sighting seen;
  seen.header = header;
  seen.verdict = event::Verdict::known_person;
  seen.person = "Zoë";
  const auto row = name_update_of(ring, seen, route, header.at, {});
  EXPECT_EQ(words_of(row, Language::english).title, "Someone is at the door: Zoë");
  EXPECT_EQ(words_of(row, Language::german).title, "Es klingelt: Zoë");
  seen.verdict = event::Verdict::no_face;
  seen.person.clear();
  EXPECT_EQ(words_of(name_update_of(ring, seen, route, header.at, {}), Language::german).title,
            "Es klingelt: Niemand erkannt");
}

TEST_F(WordsTest, CountsHaveTheirPlural) {
  const event::Ring ring{header, "front", "front"};
  route.more = 1;
  EXPECT_EQ(both(ring),
            "Someone is at the door | front, 18:04\n1 more since the last message || Es klingelt | "
            "front, 18:04\n1 weitere Meldung seit der letzten Nachricht");
  route.more = 3;
  EXPECT_THAT(words(ring, Language::german).text, testing::HasSubstr("3 weitere Meldungen"));
  EXPECT_EQ(say_span(59s, Language::english), "59 seconds");
  EXPECT_EQ(say_span(1s, Language::german), "1 Sekunde");
  EXPECT_EQ(say_span(60s, Language::english), "1 minute");
  EXPECT_EQ(say_span(3599s, Language::german), "59 Minuten");
  EXPECT_EQ(say_span(1h, Language::german), "1 Stunde");
  EXPECT_EQ(say_span(47h, Language::english), "47 hours");
  EXPECT_EQ(say_span(48h, Language::german), "2 Tage");
}

TEST_F(WordsTest, RuleHasItsOwnWords) {
  route.camera_name = "Front door";
  route.more = 2;
  route.words = {"{person|somebody} at {camera}", "{count} by {time} on {date}: {event} {link} {{"};
  const event::Ring ring{header, "front", "front"};
  EXPECT_EQ(words(ring).title, "somebody at Front door");
  EXPECT_EQ(words(ring).text, "3 by 18:04 on 5 July 2026: Someone is at the door https://door.example/l/x {");
  EXPECT_EQ(words(ring, Language::german).text,
            "3 by 18:04 on 5. Juli 2026: Es klingelt https://door.example/l/x {");
  route.words = {"{person}", ""};
  EXPECT_EQ(words(ring).title, "Porchlight") << "a title is never empty";
  EXPECT_THAT(words(ring).text, testing::StartsWith("Front door, 18:04"));
}

TEST_F(WordsTest, EscalationSaysThatNobodyAnswered) {
  route.after = 2min;
  EXPECT_EQ(words(event::Ring{header, "front", "front"}).text, "front, 18:04\nNobody has answered yet.");
}

TEST_F(WordsTest, CriticalIsWhatTheRuleSaysOrTheEventIs) {
  const event::Security tamper{header, "tamper", "hardware", "", "", ""};
  const event::Ring ring{header, "front", "front"};
  EXPECT_FALSE(words(tamper).critical) << "the rule said critical: false";
  EXPECT_FALSE(words(ring).critical);
  route.critical = true;
  EXPECT_TRUE(words(tamper).critical);
  EXPECT_TRUE(words(ring).critical);
  auto old = message_of(tamper, route, header.at);
  old.payload = event::to_json(tamper);  // as an earlier version left it
  EXPECT_TRUE(words_of(old, Language::english).critical);
  old.payload = event::to_json(ring);
  EXPECT_FALSE(words_of(old, Language::english).critical);
}

TEST_F(WordsTest, DamagedPayloadIsSaidToBe) {
  auto row = message_of(event::Ring{header, "front", "front"}, route, header.at);
  for (const auto* payload : {"", "[]", "{\"words\"", "null"}) {
    row.payload = payload;
    EXPECT_EQ(words_of(row, Language::german).text, "Diese Nachricht ist beschädigt.");
  }
  row.payload = R"({"words":7,"grouped":"x","lost_seconds":"y","escalation":3,"person":[],"camera":{}})";
  EXPECT_EQ(words_of(row, Language::english).text, "18:04");
}

TEST(Phrases, EachIsThereInBothLanguagesWithTheSamePlaces) {
  std::set<std::string_view> keys;
  for (const auto& [key, english, german] : phrases()) {
    EXPECT_TRUE(keys.insert(key).second) << key << " is there twice";
    EXPECT_FALSE(english.empty()) << key;
    EXPECT_FALSE(german.empty()) << key;
    EXPECT_EQ(english.find("{n}") == english.npos, german.find("{n}") == german.npos) << key;
  }
  for (const auto key : keys)
    if (key.ends_with(".one")) {
      EXPECT_TRUE(keys.contains(std::string(key.substr(0, key.size() - 3)) + "many")) << key;
    }
  for (auto fault = 0; fault < 6; ++fault)
    EXPECT_TRUE(keys.contains("fault." + std::string(to_string(static_cast<event::CameraFault>(fault)))));
  for (auto verdict = 0; verdict < 5; ++verdict)
    EXPECT_TRUE(keys.contains("who." + std::string(to_string(static_cast<event::Verdict>(verdict)))));
}

}  // namespace
}  // namespace porchlight::notify
