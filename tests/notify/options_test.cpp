// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/options.hpp"

#include <gmock/gmock.h>

#include "porchlight/config/document.hpp"

namespace porchlight::notify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Reading {
  Options options;
  std::vector<std::string> faults;
};

Reading read(const std::string& yaml) {
  config::Faults faults;
  const auto document = config::Document::parse(yaml, "p.yaml", faults);
  auto root = document.root();
  Reading reading;
  reading.options = read_options(root.section("notifications"), {{"front", "Front door"}, {"yard", "yard"}});
  root.finish();
  faults.sort();
  for (const auto& fault : faults.all()) reading.faults.push_back(fault.text());
  return reading;
}

TEST(NotifyOptions, ReadsChannelsAndRules) {
  const auto reading = read(R"(
notifications:
  channels:
    - {id: hook, type: webhook, url: "https://example.org/hook", ca_file: /etc/ca.pem, timeout: 5s, headers: ["X-Key: a:b"]}
    - {id: book, type: log}
  rules:
    - {when: ring, to: [hook, book], attach: snapshot}
    - {when: person.blacklisted, to: [hook]}
)");
  EXPECT_THAT(reading.faults, IsEmpty());
  ASSERT_EQ(reading.options.channels.size(), 2U);
  EXPECT_EQ(reading.options.channels[0].id, "hook");
  EXPECT_EQ(reading.options.channels[0].type, "webhook");
  EXPECT_EQ(reading.options.channels[1].type, "log");
  const SystemClock clock;
  for (const auto& channel : reading.options.channels) EXPECT_TRUE(channel.make(clock).ok());
  ASSERT_EQ(reading.options.rules.size(), 2U);
  EXPECT_EQ(reading.options.rules[0].when, Occasion::ring);
  EXPECT_THAT(reading.options.rules[0].to, ElementsAre("hook", "book"));
  EXPECT_TRUE(reading.options.rules[0].attach_snapshot);
  EXPECT_EQ(reading.options.rules[1].when, Occasion::person_blacklisted);
  EXPECT_FALSE(reading.options.rules[1].attach_snapshot);
}

TEST(NotifyOptions, AClipComesWithThePicture) {
  const auto reading = read(R"(
notifications:
  channels: [{id: book, type: log}]
  rules: [{when: motion, to: [book], attach: clip}, {when: ring, to: [book], attach: snapshot}]
)");
  EXPECT_THAT(reading.faults, IsEmpty());
  ASSERT_EQ(reading.options.rules.size(), 2U);
  EXPECT_TRUE(reading.options.rules[0].attach_clip);
  EXPECT_TRUE(reading.options.rules[0].attach_snapshot);
  EXPECT_FALSE(reading.options.rules[1].attach_clip);
}

TEST(NotifyOptions, EachTypeIsMadeFromItsKeys) {
  const auto reading = read(R"(
notifications:
  channels:
    - {id: a, type: webhook, url: "https://example.org/hook", secret: s3cret, format: cloudevents, source: /home}
    - {id: b, type: telegram, token: "123:AA-b_c", chat: "-100123", silent: true, api: "http://127.0.0.1:8081/", language: de}
    - {id: c, type: ntfy, topic: front-door_7, url: "https://ntfy.example.org", user: u, password: "p:w", priority: max}
    - {id: d, type: ntfy, topic: front, token: tk_x}
    - {id: e, type: slack, url: "https://hooks.slack.com/services/T/B/X"}
    - {id: f, type: pagerduty, routing_key: 0123456789abcdef0123456789abcdef, source: home, timeout: 5s, ca_file: /etc/ca.pem}
    - {id: g, type: exec, command: [/usr/bin/logger, -t, doorbell], timeout: 5s}
)");
  EXPECT_THAT(reading.faults, IsEmpty());
  ASSERT_EQ(reading.options.channels.size(), 7U);
  const SystemClock clock;
  for (const auto& channel : reading.options.channels) EXPECT_TRUE(channel.make(clock).ok()) << channel.id;
}

TEST(NotifyOptions, ReadsEveryKeyOfRulesAndRecipients) {
  const auto reading = read(R"(
notifications:
  channels:
    - {id: a, type: log, language: de, quiet: "22:00-07:00", rate: {burst: 3, every: 20s}, not_about: [Zoë]}
    - {id: b, type: log}
  rules:
    - when: person.known
      to: [a]
      cameras: [yard]
      persons: [Lia, Zoë]
      schedule: ["mon-fri 08:00-18:00", sat]
      quiet: "12:00-13:00"
      cooldown: 5m
      group: 30s
      critical: false
      escalate: {after: 2m, to: [b]}
      title: "{person}"
      text: "{{{camera|nowhere}}"
)");
  EXPECT_THAT(reading.faults, IsEmpty());
  ASSERT_EQ(reading.options.channels.size(), 2U);
  const auto& wishes = reading.options.channels[0].recipient;
  EXPECT_THAT(wishes.quiet, ElementsAre(Window{0x7f, 22 * 60, 7 * 60}));
  EXPECT_EQ(wishes.rate, (Rate{3, std::chrono::seconds(20)}));
  EXPECT_THAT(wishes.not_about, ElementsAre("Zoë"));
  EXPECT_FALSE(reading.options.channels[1].recipient.rate.has_value());
  Rule expected{Occasion::person_known, {"a"}, false, false, {"yard"}, {"Lia", "Zoë"}};
  expected.schedule = {{0x1f, 8 * 60, 18 * 60}, {0x20, 0, 24 * 60}};
  expected.quiet = {{0x7f, 12 * 60, 13 * 60}};
  expected.cooldown = std::chrono::minutes(5);
  expected.group = std::chrono::seconds(30);
  expected.critical = false;
  expected.escalate = Escalation{std::chrono::minutes(2), {"b"}};
  expected.words = {"{person}", "{{{camera|nowhere}}"};
  ASSERT_EQ(reading.options.rules.size(), 1U);
  EXPECT_TRUE(reading.options.rules[0] == expected);
  EXPECT_EQ(reading.options.cameras.at("front"), "Front door");
}

TEST(NotifyOptions, WithoutRulesRingsAndDangerGoEverywhere) {
  const auto reading = read("notifications: {channels: [{id: a, type: log}, {id: b, type: log}]}");
  EXPECT_THAT(reading.faults, IsEmpty());
  ASSERT_EQ(reading.options.rules.size(), 3U);
  for (const auto& rule : reading.options.rules) EXPECT_THAT(rule.to, ElementsAre("a", "b"));
  EXPECT_EQ(reading.options.rules[0].when, Occasion::ring);
  EXPECT_TRUE(reading.options.rules[0].attach_snapshot);
  EXPECT_EQ(reading.options.rules[1].when, Occasion::person_blacklisted);
  EXPECT_EQ(reading.options.rules[2].when, Occasion::security);
}

TEST(NotifyOptions, EmptyRulesMeanSilence) {
  const auto reading = read("notifications: {channels: [{id: a, type: log}], rules: []}");
  EXPECT_THAT(reading.faults, IsEmpty());
  EXPECT_THAT(reading.options.rules, IsEmpty());
}

TEST(NotifyOptions, NothingConfiguredIsNoFault) {
  const auto reading = read("cameras: []");
  EXPECT_THAT(reading.options.channels, IsEmpty());
}

// Each: one mistake in an otherwise good file, and what its one fault must say.
TEST(NotifyOptions, EachMistakeIsNamedOnceWithTheMend) {
  const std::vector<std::pair<std::string, std::string>> mistakes{
      {"channels: [{id: a, type: webhok, url: 'http://h/'}]", "did you mean 'webhook'?"},
      {"channels: [{id: a, type: gotify, token: x, url: 'http://h/'}]", "not in this version"},
      {"channels: [{id: a, type: webhook, url: 'http://h/', format: cloudevent}]",
       "did you mean 'cloudevents'?"},
      {"channels: [{id: a, type: webhook, url: 'http://h/', source: /x}]", "format: cloudevents"},
      {"channels: [{id: a, type: webhook, url: 'http://h/', secret: ''}]", "signs nothing"},
      {"channels: [{id: a, type: webhook, url: 'http://h\\x/'}]", "backslash"},
      {"channels: [{id: a, type: telegram, chat: '1'}]", "token"},
      {"channels: [{id: a, type: telegram, token: '1:x', chat: 'Mum'}]", "a chat is a number"},
      {"channels: [{id: a, type: telegram, token: '1:x/y', chat: '1'}]", "character"},
      {"channels: [{id: a, type: telegram, token: '1:x', chat: '1', api: 'http://h/?x'}]", "query"},
      {"channels: [{id: a, type: ntfy, topic: 'a b'}]", "character"},
      {"channels: [{id: a, type: ntfy, topic: a, user: u}]", "password"},
      {"channels: [{id: a, type: ntfy, topic: a, token: t, user: u, password: p}]", "either a token"},
      {"channels: [{id: a, type: ntfy, topic: a, priority: hihg}]", "did you mean 'high'?"},
      {"channels: [{id: a, type: slack}]", "url"},
      {"channels: [{id: a, type: pagerduty, routing_key: abc}]", "32 characters"},
      {"channels: [{id: a, type: exec}]", "names no program"},
      {"channels: [{id: a, type: exec, command: [notify-send, x]}]", "absolute path"},
      {"channels: [{id: a, type: webhook}]", "url"},
      {"channels: [{id: a, type: webhook, url: 'htp://h/'}]", "did you mean 'http'?"},
      {"channels: [{id: a, type: webhook, url: 'http:///x'}]", "names no host"},
      {"channels: [{id: a, type: webhook, url: 'http://h/', headers: ['X-No-Colon']}]", "Name: value"},
      {"channels: [{id: a, type: webhook, url: 'http://h/', ulr: x}]", "ulr"},
      {"channels: [{id: a, type: log}, {id: a, type: log}]", "there twice"},
      {"channels: [{id: A b, type: log}]", "id"},
      {"channels: [{id: phone, type: log}], rules: [{when: ring, to: [phon]}]", "did you mean 'phone'?"},
      {"channels: [{id: a, type: log}], rules: [{when: rong, to: [a]}]", "did you mean 'ring'?"},
      {"channels: [{id: a, type: log}], rules: [{when: plate, to: [a]}]", "not in this version"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: []}]", "names the channels"},
      {"channels: [{id: a, type: log}], rules: [{when: camera.lost, to: [a], attach: clip}]",
       "'clip' only with ring, person.… and motion"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], attach: snapshop}]", "snapshot"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], quiet: '22:00'}]", "22:00-07:00"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], quiet: '22:00-22:00'}]", "00:00-24:00"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], schedule: ['mon-fry 08:00-18:00']}]",
       "unknown days 'mon-fry'"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], schedule: ['mon 8:00-18:00']}]",
       "found '8:00-18:00'"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], cooldown: 5}]", "needs a unit"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], group: 0s}]", "between 1s and 1d"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], cameras: [fornt]}]",
       "did you mean 'front'?"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], cameras: []}]", "names no camera"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], persons: [Zoë]}]",
       "only with person.known"},
      {"channels: [{id: a, type: log}], rules: [{when: alert, to: [a], severities: [hihg]}]",
       "did you mean 'high'?"},
      {"channels: [{id: a, type: log}], rules: [{when: alert, to: [a], severities: []}]", "names none"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], severities: [high]}]",
       "only with alert"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], critical: yes}]", "true or false"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], escalate: {to: [a]}}]",
       "how long to wait"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], escalate: {after: 2m, to: [b]}}]",
       "no channel 'b'"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], escalate: {after: 2h, to: [a]}}]",
       "between 1s and 1h"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], title: 'At {camra}'}]",
       "line 1, column 4: unknown placeholder '{camra}' (did you mean '{camera}'?)"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], title: '{camera'}]", "not closed"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], title: \"a\\nb\"}]", "one line"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], text: \"ä\\nöü {whoever}\"}]",
       "line 2, column 4: unknown placeholder '{whoever}', one of: {camera}"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], text: ''}]", "must not be empty"},
      {"channels: [{id: a, type: log}], rules: [{when: ring, to: [a], title: '" + std::string(201, 'x') +
           "'}]",
       "longer than 200 bytes"},
      {"channels: [{id: a, type: log, rate: {burst: 0}}]", "between 1 and 1000"},
      {"channels: [{id: a, type: log, rate: {brust: 2}}]", "did you mean 'burst'?"},
      {"channels: [{id: a, type: log, not_about: ['']}]", "must not be empty"},
      {"channels: [{id: a, type: log, quiet: ['sat 25:00-26:00']}]", "22:00-07:00"},
  };
  for (const auto& [text, expected] : mistakes) {
    const auto reading = read("notifications: {" + text + "}");
    SCOPED_TRACE(text);
    ASSERT_FALSE(reading.faults.empty());
    EXPECT_THAT(reading.faults.front(), HasSubstr(expected));
    EXPECT_THAT(reading.faults.front(), HasSubstr("p.yaml:1:"));
    EXPECT_EQ(reading.faults.size(), 1U) << reading.faults.back();
  }
}

}  // namespace
}  // namespace porchlight::notify
