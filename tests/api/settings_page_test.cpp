// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/settings_page.hpp"
#include "porchlight/api/settings_revision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace porchlight::api {
namespace {

using config::Raw;
using nlohmann::ordered_json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Kind = SettingsOutcome::Kind;

class SettingsPage : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("porchlight-page-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "config.d");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Raw tree(const std::optional<std::string>& page) {
    std::ofstream(folder_ / "porchlight.yaml") << main_;
    std::ofstream(folder_ / "config.d" / "90-late.yaml") << late_;
    config::Faults faults;
    const config::Stand stand{config::page_file_name, page};
    auto document = config::Document::load(folder_ / "porchlight.yaml", faults);
    EXPECT_TRUE(document->overlay(folder_ / "config.d", faults, &stand).ok());
    EXPECT_TRUE(faults.empty()) << faults.all().front().text();
    return document->raw();
  }
  SettingsTrees trees() {
    config::Faults faults;
    const auto page = (folder_ / "config.d" / config::page_file_name).string();
    return {tree(page_), tree(std::nullopt), config::Document::parse(page_, page, faults).raw()};
  }
  // Changes an entry as the page would: gives what was refused, or nothing.
  SettingsOutcome change(const std::string& section, const std::string& id, const std::string& keys) {
    const SettingsChange wanted{section, id, keys.empty() ? std::nullopt : std::optional(keys), {}};
    auto plan = plan_settings(trees(), wanted);
    if (!plan.text) return plan.refused;
    if (auto lost = overruled(trees(), tree(plan.text), wanted); !lost.empty())
      return {Kind::conflict, "overruled", lost};
    page_ = *plan.text;
    return {};
  }
  ordered_json shown(const std::string& section, const std::string& id) {
    const auto all = shown_sections(trees());
    for (const auto& entry : all[section])
      if (entry["id"] == id) return entry;
    return nullptr;
  }
  std::string value(const std::string& section, const std::string& id, const std::string& key) {
    const auto now = tree(page_);
    const auto* entry = find_entry(now, section, id);
    const auto* found = entry == nullptr ? nullptr : entry->find(key);
    return found == nullptr ? "(none)" : found->text;
  }

  std::filesystem::path folder_;
  std::string main_ = "server: {listen: x}\n";
  std::string late_;
  std::string page_;
};

TEST_F(SettingsPage, ANewEntryStandsInThePagesFile) {
  EXPECT_THAT(change("cameras", "front", R"({"url":"rtsp://cam/a","user":"u","password":"hunter22"})").faults,
              IsEmpty());
  EXPECT_EQ(value("cameras", "front", "url"), "rtsp://cam/a");
  EXPECT_EQ(value("cameras", "front", "password"), "hunter22");
  const auto entry = shown("cameras", "front");
  EXPECT_EQ(entry.dump(), R"({"id":"front","value":{"url":"rtsp://cam/a","user":"u"},"secret":["password"],)"
                          R"("origin":"config.d/50-page.yaml","removable":true})");
}

TEST_F(SettingsPage, ValuesKeepTheirKind) {
  const auto keys = R"({"name":"true","line":17,"active_low":false,"chip":"7","debounce":"30ms"})";
  EXPECT_EQ(change("buttons", "bell", keys).kind, Kind::applied);
  EXPECT_EQ(shown("buttons", "bell")["value"], ordered_json::parse(keys));
}

TEST_F(SettingsPage, ASecretLeftOutStaysAndNullTakesItAway) {
  change("cameras", "front", R"({"url":"rtsp://cam/a","user":"u","password":"hunter22"})");
  change("cameras", "front", R"({"url":"rtsp://cam/b","user":"u"})");
  EXPECT_EQ(value("cameras", "front", "password"), "hunter22");
  change("cameras", "front", R"({"url":"rtsp://cam/b","password":null})");
  EXPECT_EQ(value("cameras", "front", "password"), "(none)");
  EXPECT_EQ(value("cameras", "front", "user"), "(none)") << "left out, so it goes back to its default";
}

TEST_F(SettingsPage, ASecretDoesNotFollowToAnotherHost) {
  change("cameras", "front", R"({"url":"rtsp://cam/a","user":"u","password":"hunter22"})");
  const auto moved = change("cameras", "front", R"({"url":"rtsp://elsewhere/a","user":"u"})");
  EXPECT_EQ(moved.kind, Kind::faulty);
  ASSERT_EQ(moved.faults.size(), 1u);
  EXPECT_EQ(moved.faults[0].key, "url");
  EXPECT_THAT(moved.faults[0].message, HasSubstr("'password'"));
  EXPECT_EQ(change("cameras", "front", R"({"url":"rtsp://elsewhere/a","user":"u","password":"again"})").kind,
            Kind::applied);
}

TEST_F(SettingsPage, ASecretDoesNotFollowWhereLessIsAsked) {
  change("cameras", "front", R"({"url":"rtsps://cam/a","user":"u","password":"hunter22"})");
  const auto key = [&](const char* keys) {
    const auto outcome = change("cameras", "front", keys);
    return outcome.faults.empty() ? std::string() : outcome.faults.front().key;
  };
  EXPECT_EQ(key(R"({"url":"rtsp://cam/a","user":"u"})"), "url") << "not in the clear";
  EXPECT_EQ(key(R"({"url":"rtsps://cam/a","user":"u","tls_verify":false})"), "tls_verify");
  EXPECT_EQ(key(R"({"url":"rtsps://cam/a","user":"u","ca_file":"/tmp/other.pem"})"), "ca_file");
  EXPECT_EQ(key(R"({"url":"rtsps://cam/b","user":"u","name":"Door"})"), "")
      << "another path of the same host";
}

TEST_F(SettingsPage, ASecretDoesNotFollowToAnotherService) {
  change("channels", "phone",
         R"({"type":"ntfy","url":"https://own.example","topic":"t","token":"tk_hunter22"})");
  const auto key = [&](const char* keys) {
    const auto outcome = change("channels", "phone", keys);
    return outcome.faults.empty() ? std::string() : outcome.faults.front().key;
  };
  EXPECT_EQ(key(R"({"type":"ntfy","topic":"t"})"), "url") << "the world's server is another one";
  EXPECT_EQ(key(R"({"type":"ntfy","topic":"t","url":null})"), "url");
  EXPECT_EQ(key(R"({"type":"telegram","chat_id":"1"})"), "type");
  EXPECT_EQ(key(R"({"type":"ntfy","url":"https://own.example","topic":"other"})"), "");
}

TEST_F(SettingsPage, APasswordOfThePageDoesNotFollowBackToTheMainFilesHost) {
  main_ = "cameras: [{id: front, url: 'rtsp://cam/a', user: u}]\n";
  EXPECT_EQ(change("cameras", "front", R"({"url":"rtsp://new/a","user":"u","password":"hunter22"})").kind,
            Kind::applied);
  const auto back = change("cameras", "front", R"({"url":"rtsp://cam/a","user":"u"})");
  EXPECT_EQ(back.kind, Kind::faulty);
  EXPECT_EQ(back.faults.at(0).key, "url");
}

TEST_F(SettingsPage, TheTypeOfAnEntryThatStandsElsewhereIsChangedThere) {
  main_ = "notifications: {channels: [{id: s, type: slack, url: 'https://chat.example/hooks/hunter22'}]}\n";
  const auto outcome = change("channels", "s", R"({"type":"webhook"})");
  EXPECT_EQ(outcome.kind, Kind::faulty);
  EXPECT_EQ(outcome.faults.at(0).key, "type");
  EXPECT_THAT(shown("channels", "s").dump(), Not(HasSubstr("hunter22")));
}

TEST_F(SettingsPage, AnEntryOfAnotherFileIsLaidOver) {
  main_ =
      "cameras: [{id: front, url: 'exec:prog --key hunter22', name: Door, password: '${credential:front}', "
      "user: u}]\n";
  const auto before = shown("cameras", "front");
  EXPECT_EQ(before["origin"], "porchlight.yaml");
  EXPECT_EQ(before["removable"], false);
  EXPECT_EQ(before["value"]["url"], "exec:prog [redacted]");
  EXPECT_THAT(before.dump(), Not(HasSubstr("credential")));
  auto keys = before["value"];
  keys["name"] = "Yard";
  EXPECT_EQ(change("cameras", "front", keys.dump()).kind, Kind::applied);
  EXPECT_EQ(value("cameras", "front", "url"), "exec:prog --key hunter22");
  EXPECT_EQ(value("cameras", "front", "name"), "Yard");
  EXPECT_THAT(page_, Not(HasSubstr("exec"))) << "what did not change is not copied";
  keys["name"] = "Door";
  EXPECT_EQ(change("cameras", "front", keys.dump()).kind, Kind::applied);
  EXPECT_THAT(page_, Not(HasSubstr("front"))) << "it says what the main file says, so nothing is left to say";
  EXPECT_EQ(change("cameras", "front", "").kind, Kind::conflict) << "what stands elsewhere is not taken away";
  EXPECT_EQ(change("cameras", "front", R"({"name":null})").faults.at(0).key, "name");
}

TEST_F(SettingsPage, ALaterFileHasTheLastWord) {
  main_ = "cameras: [{id: front, url: 'rtsp://cam/a'}]\n";
  late_ = "cameras: [{id: front, name: Late}]\n";
  const auto outcome = change("cameras", "front", R"({"url":"rtsp://cam/a","name":"Mine"})");
  EXPECT_EQ(outcome.kind, Kind::conflict);
  EXPECT_EQ(outcome.faults.at(0).key, "name");
  EXPECT_THAT(outcome.faults.at(0).message, HasSubstr("config.d/90-late.yaml"));
}

TEST_F(SettingsPage, NoSecretIsShown) {
  main_ =
      "notifications:\n  channels:\n"
      "    - {id: a, type: slack, url: 'https://hooks.slack.com/services/T000/B000/hunter22hunter22'}\n"
      "    - {id: b, type: webhook, url: 'https://u:hunter22@host/x?token=hunter22', secret: hunter22,\n"
      "       headers: ['Authorization: hunter22']}\n"
      "    - {id: c, type: email, server: 'smtps://mail:465', password: hunter22, from: a@example.org, to: "
      "[b@example.org]}\n"
      "    - {id: d, type: telegram, token: 'hunter22', chat: -1001234567890}\n"
      "    - {id: e, type: exec, command: [/bin/x, hunter22]}\n"
      "    - {id: f, type: pagerduty, routing_key: hunter22}\n"
      "cameras: [{id: front, url: 'rtsp://u:hunter22@cam/a?password=hunter22'}]\n";
  const auto all = shown_sections(trees());
  EXPECT_THAT(all.dump(), Not(HasSubstr("hunter22")));
  EXPECT_EQ(shown("channels", "a")["secret"], ordered_json::array({"url"}));
  EXPECT_EQ(shown("channels", "c")["value"]["to"][0], "b@example.org");
  EXPECT_EQ(shown("channels", "d")["value"]["chat"], -1001234567890);
  // What was masked and comes back as it was shown stays as it was.
  EXPECT_EQ(change("channels", "b", shown("channels", "b")["value"].dump()).kind, Kind::applied);
  EXPECT_THAT(value("channels", "b", "url"), HasSubstr("u:hunter22@host"));
  EXPECT_EQ(change("cameras", "front", R"({"url":"rtsp://u:[redacted]@cam/b"})").faults.at(0).key, "url");
}

TEST_F(SettingsPage, WhatIsGivenIsNoReference) {
  EXPECT_EQ(change("cameras", "front", R"({"url":"rtsp://cam/${file:/etc/shadow}"})").faults.at(0).key,
            "url");
  EXPECT_EQ(change("cameras", "front", R"({"url":"rtsp://cam/a","user":"u","password":"pa${ss"})").kind,
            Kind::applied);
  EXPECT_EQ(value("cameras", "front", "password"), "pa$${ss");
  EXPECT_EQ(change("cameras", "front", R"({"url":"rtsp://cam/a","name":"a\u0007b"})").faults.at(0).key,
            "name");
}

TEST_F(SettingsPage, TextsThatYamlWouldTakeForMoreStayTexts) {
  const std::string odd = "\"a: [b] # c\\n- d\\\\ 'e' ü 🚪 ${x}\"";
  EXPECT_EQ(change("buttons", "bell", R"({"kind":"virtual","name":)" + odd + "}").kind, Kind::applied);
  EXPECT_EQ(shown("buttons", "bell")["value"]["name"], ordered_json::parse(odd));
  EXPECT_EQ(change("buttons", "bell", R"({"kind":"virtual","a: b\n- c":1})").kind, Kind::applied);
  EXPECT_EQ(value("buttons", "bell", "a: b\n- c"), "1") << "for the room to refuse as unknown";
}

TEST_F(SettingsPage, AnEntryGoesAndTheRestStays) {
  change("channels", "a", R"({"type":"log"})");
  change("channels", "b", R"({"type":"log"})");
  change("rules", "first", R"({"when":"ring","to":["a"]})");
  EXPECT_EQ(change("channels", "a", "").kind, Kind::applied);
  EXPECT_EQ(shown("channels", "a"), nullptr);
  EXPECT_EQ(shown("channels", "b")["value"]["type"], "log");
  EXPECT_EQ(shown("rules", "first")["value"]["when"], "ring");
  EXPECT_EQ(change("channels", "a", "").kind, Kind::not_found);
}

TEST_F(SettingsPage, RulesWithoutIdsAreShownAndStay) {
  main_ = "notifications: {channels: [{id: a, type: log}], rules: [{when: ring, to: [a]}]}\n";
  EXPECT_EQ(shown("rules", "")["removable"], false);
  EXPECT_EQ(change("rules", "mine", R"({"when":"gap","to":["a"]})").kind, Kind::applied);
  EXPECT_EQ(shown_sections(trees())["rules"].size(), 2u);
}

TEST_F(SettingsPage, TheUsualRulesHoldUntilAFileHasRules) {
  EXPECT_TRUE(has_usual_rules(tree(page_)));
  change("channels", "a", R"({"type":"log"})");
  EXPECT_TRUE(has_usual_rules(tree(page_)));
  change("rules", "mine", R"({"when":"gap","to":["a"]})");
  EXPECT_FALSE(has_usual_rules(tree(page_)));
  change("rules", "mine", "");
  EXPECT_TRUE(has_usual_rules(tree(page_)));
  late_ = "notifications: {rules: []}\n";
  EXPECT_FALSE(has_usual_rules(tree(page_))) << "no rule at all is silence";
}

TEST_F(SettingsPage, TheRevisionIsAnotherWithEachChangeAlsoOfASecret) {
  const SettingsRevisions revisions;
  const auto revision = [&] { return revisions.of(shown_sections(trees()), trees().all); };
  std::set<std::string> all{revision()};
  EXPECT_EQ(all.count(revision()), 1u);
  change("cameras", "front", R"({"url":"rtsp://cam/a","user":"u","password":"hunter22"})");
  EXPECT_TRUE(all.insert(revision()).second);
  const auto before = shown("cameras", "front");
  change("cameras", "front", R"({"url":"rtsp://cam/a","user":"u","password":"hunter23"})");
  EXPECT_EQ(shown("cameras", "front"), before);
  EXPECT_TRUE(all.insert(revision()).second) << "another secret looks the same, and is not";
  late_ = "cameras: [{id: front, name: Late}]\n";
  EXPECT_TRUE(all.insert(revision()).second) << "by hand";
  late_ = "# a word\ncameras: [{id: front, name: Late}]\n";
  EXPECT_FALSE(all.insert(revision()).second) << "a comment changes nothing";
  EXPECT_NE(SettingsRevisions().of(shown_sections(trees()), trees().all), revision())
      << "whoever knows all but a secret cannot try guesses of it";
}

TEST(SettingsPrecondition, LetsAChangeBeMadeAtTheRevisionThatItNames) {
  EXPECT_TRUE(lets_change(std::nullopt, "12ab"));
  for (const auto* good : {"*", "\"12ab\"", " \"12ab\" ", "\"0\", \"12ab\"", "\"0\",,\t\"12ab\""})
    EXPECT_TRUE(lets_change(good, "12ab")) << good;
  for (const auto* other :
       {"", " ", "\"12ac\"", "12ab", "W/\"12ab\"", "\"12ab", "\"\"", ",", "\"*\"", "\"0\", *"})
    EXPECT_FALSE(lets_change(other, "12ab")) << other;
}

TEST_F(SettingsPage, AFileWrittenByHandIsNotThePages) {
  config::Faults faults;
  const auto why = [&](const std::string& text) {
    return not_the_pages_own(text, config::Document::parse(text, "50-page.yaml", faults).raw());
  };
  EXPECT_THAT(why("cameras: []\n"), HasSubstr("by hand"));
  change("cameras", "front", R"({"url":"rtsp://cam/a"})");
  EXPECT_EQ(why(page_), "");
  EXPECT_EQ(why(""), "");
  EXPECT_THAT(why(page_ + "mqtt: {host: x}\n"), HasSubstr("'mqtt'"));
  EXPECT_THAT(why(page_ + "buttons: [{kind: virtual}]\n"), HasSubstr("by hand"));
}

TEST_F(SettingsPage, FaultsAreNamedByTheirKeys) {
  main_ = "cameras: [{id: a, url: 'rtsp://x/y'}, {id: b, url: 'rtsp://x/y'}]\n";
  const std::vector<config::Fault> faults{
      {"/x/config.d/50-page.yaml", 3, 4, "cameras[1].zones[0].points: too few"},
      {"/x/porchlight.yaml", 7, 8, "cameras[0].url: unknown scheme"},
      {"/x/porchlight.yaml", 9, 9, "tolerated", true}};
  const auto named = key_faults(faults, tree(std::nullopt), "cameras", "b");
  ASSERT_EQ(named.size(), 2u);
  EXPECT_EQ(named[0].key, "zones[0].points");
  EXPECT_EQ(named[0].message, "too few");
  EXPECT_EQ(named[1].key, "");
  EXPECT_EQ(named[1].message, "porchlight.yaml:7: cameras[0].url: unknown scheme");
}

TEST(SettingsAddress, HasAHostAndAPort) {
  EXPECT_EQ(origin_of_address("rtsp://u:p@Cam.Local:554/a?b=c@d"), "rtsp://cam.local:554");
  EXPECT_EQ(origin_of_address("smtps://mail:465"), "smtps://mail:465");
  EXPECT_EQ(origin_of_address("v4l2:/dev/video0"), "");
}

}  // namespace
}  // namespace porchlight::api
