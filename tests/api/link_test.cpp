// SPDX-License-Identifier: Apache-2.0
// What a message's link grants: to look, to acknowledge, to reply. Nothing else.
#include "api/link_house.hpp"
#include "api/link_routes.hpp"
#include "api/route_table.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using test::Client;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class Links : public test::LinkTest {};

TEST_F(Links, LookingChangesNothing) {
  const auto id = ring("porch");
  add_picture(id, "a picture");
  const auto link = token(id);
  const auto before = data_version();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(look(link).status, 200);
    EXPECT_EQ(head("/l/" + link).status, 200);
    EXPECT_EQ(ask("GET", "/l/" + link + "/snapshot").status, 200);
    EXPECT_EQ(head("/l/" + link + "/snapshot").status, 200);
    EXPECT_EQ(look(link + "?action=acknowledge&text=x").status, 200) << "a scanner that tries";
  }
  settle();
  EXPECT_EQ(data_version(), before);
  EXPECT_THAT(answers(id), IsEmpty());
  EXPECT_EQ(post(link, "action=acknowledge").status, 200);
  EXPECT_NE(data_version(), before) << "the check can fail";
}

TEST_F(Links, PageShowsTheEventAndItsPictureAndKeepsTheLinkToItself) {
  const auto id = ring("porch");
  const auto link = token(id);
  EXPECT_THAT(look(link).body, Not(HasSubstr("<img")));
  EXPECT_EQ(ask("GET", "/l/" + link + "/snapshot").status, 404);
  add_picture(id, "a picture");
  const auto page = look(link);
  // The event is of twenty past, or what the local zone makes of it.
  EXPECT_THAT(page.body, AllOf(HasSubstr("Someone is at the door"),
                               testing::ContainsRegex("<p>porch, [0-9]+:(20|50|05|35)<"),
                               HasSubstr("src=\"/l/" + link + "/snapshot\""), HasSubstr("lang=\"en\"")));
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.headers.at("referrer-policy"), "no-referrer");
  EXPECT_EQ(page.headers.at("cache-control"), "no-store");
  EXPECT_THAT(page.headers.at("content-security-policy"),
              AllOf(HasSubstr("default-src 'none'"), HasSubstr("form-action 'self'"),
                    HasSubstr("style-src 'sha256-"), Not(HasSubstr("unsafe")), Not(HasSubstr("script-src"))));
  const auto picture = ask("GET", "/l/" + link + "/snapshot");
  EXPECT_EQ(picture.body, "a picture");
  EXPECT_EQ(picture.headers.at("content-type"), "image/jpeg");
  EXPECT_EQ(picture.headers.at("cache-control"), "no-store");
}

TEST_F(Links, SaysWhatTheChannelWasTold) {
  const auto id = ring("porch");
  store::OutboxRow told;
  told.key = {*event::EventId::parse(id), "mum", 2};
  told.type = "ring_update";
  told.payload = R"({"type":"ring_update","camera":"porch","result":"known_person","person":"<b>Zoë & Co"})";
  ASSERT_TRUE(log().amend(told.key.event_id, std::nullopt, std::vector{told}));
  EXPECT_THAT(look(token(id)).body, AllOf(HasSubstr("&lt;b&gt;Zoë &amp; Co"), Not(HasSubstr("<b>Zoë"))));
  EXPECT_THAT(look(token(id, "oma")).body, Not(HasSubstr("Zoë"))) << "who was not told";
}

TEST_F(Links, SaysWhatAChannelWasToldThatHeardOfItLaterOnly) {
  const auto id = ring("porch");
  store::OutboxRow told;
  told.key = {*event::EventId::parse(id), "mum", store::first_escalation};
  told.type = "ring";
  told.payload =
      R"({"type":"ring","camera":"porch","escalation":true,"words":{"title":"Go and look at {camera}"}})";
  ASSERT_TRUE(log().amend(told.key.event_id, std::nullopt, std::vector{told}));
  EXPECT_THAT(look(token(id)).body,
              AllOf(HasSubstr("Go and look at porch"), HasSubstr("Nobody has answered yet.")));
  EXPECT_THAT(look(token(id, "oma")).body, Not(HasSubstr("Go and look")));
}

TEST_F(Links, SpeaksTheChannelsLanguageOrTheBrowsers) {
  const auto id = ring("porch");
  EXPECT_THAT(look(token(id, "oma")).body, HasSubstr("lang=\"de\""));
  EXPECT_THAT(look(token(id, "oma"), "Accept-Language: en-GB,de;q=0.5\r\n").body,
              HasSubstr("I&#39;m coming"));
  EXPECT_THAT(look(token(id, "mum"), "Accept-Language: fr, DE-at;q=0.9\r\n").body, HasSubstr("Ich komme"));
  EXPECT_THAT(look(token(id, "mum"), "Accept-Language: den\r\n").body, HasSubstr("lang=\"en\""));
}

TEST_F(Links, AcknowledgesOnceAndSaysWhoItWas) {
  const auto id = ring("porch");
  const auto first = post(token(id), "action=acknowledge");
  EXPECT_EQ(first.status, 200);
  EXPECT_THAT(first.body, AllOf(HasSubstr("Thank you"), HasSubstr("<b>mum</b>"),
                                Not(HasSubstr("value=\"acknowledge\""))));
  const auto again = post(token(id), "action=acknowledge");
  EXPECT_EQ(again.status, 409);
  EXPECT_THAT(again.body, AllOf(HasSubstr("Somebody sees to it already"), HasSubstr("<b>mum</b>")));
  const auto other = post(token(id, "oma"), "action=acknowledge");
  EXPECT_EQ(other.status, 409);
  EXPECT_THAT(other.body, AllOf(HasSubstr("kümmert sich schon"), HasSubstr("<b>mum</b>")));
  ASSERT_THAT(answers(id), SizeIs(1));
  EXPECT_EQ(answers(id)[0].who, "link:mum");
}

TEST_F(Links, EachRepliesOnce) {
  const auto id = ring("porch");
  EXPECT_EQ(post(token(id), "action=reply&text=I%27m+coming").status, 200);
  EXPECT_EQ(post(token(id), "action=reply&text=I%27m+coming").status, 409);
  EXPECT_EQ(post(token(id, "oma"), "action=reply&text=%3Ci%3Egut").status, 200);
  const auto all = answers(id);
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[1].text, "I'm coming");
  const auto page = look(token(id)).body;
  EXPECT_THAT(page, AllOf(HasSubstr("I&#39;m coming"), HasSubstr("&lt;i&gt;gut"), Not(HasSubstr("<form"))));
}

TEST_F(Links, ExpiresForEverything) {
  const auto id = ring("porch");
  add_picture(id, "a picture");
  const auto link = token(id, "mum", 60s);
  EXPECT_EQ(look(link).status, 200);
  clock.advance(60s);
  EXPECT_EQ(look(link).status, 410);
  EXPECT_EQ(ask("GET", "/l/" + link + "/snapshot").status, 410);
  EXPECT_EQ(post(link, "action=acknowledge").status, 410);
  settle();
  EXPECT_THAT(answers(id), IsEmpty());
}

TEST_F(Links, OfAnotherKeyChannelOrHouseLeadsNowhere) {
  const auto id = ring("porch");
  const auto good = token(id);
  auto altered = good;
  altered[10] = altered[10] == 'A' ? 'B' : 'A';
  const notify::Link link{*event::EventId::parse(id), "mum", clock.wall() + 24h};
  for (const auto& bad : {altered, good.substr(1), good + "A", std::string("x"), token(id, "gone"),
                          notify::mint(std::string(32, 'j'), link)}) {
    EXPECT_EQ(look(bad).status, 404) << bad;
    EXPECT_EQ(ask("GET", "/l/" + bad + "/snapshot").status, 404) << bad;
    EXPECT_EQ(post(bad, "action=acknowledge").status, 404) << bad;
  }
  EXPECT_EQ(look(token("0199d7b0-7c1e-7a52-9d1e-3f2b8c6a5e01")).status, 404) << "an event that is gone";
  EXPECT_EQ(post(token("0199d7b0-7c1e-7a52-9d1e-3f2b8c6a5e01"), "action=acknowledge").status, 404);
  settle();
  EXPECT_THAT(answers(id), IsEmpty());
}

TEST_F(Links, ReachesItsOwnEventOnly) {
  const auto mine = ring("porch");
  const auto other = ring("lawn", 1s);
  add_picture(other, "another picture");
  EXPECT_THAT(look(token(mine)).body, Not(HasSubstr("lawn")));
  EXPECT_EQ(ask("GET", "/l/" + token(mine) + "/snapshot").status, 404);
  EXPECT_EQ(post(token(mine), "action=acknowledge").status, 200);
  EXPECT_THAT(answers(other), IsEmpty());
}

TEST_F(Links, FormsOfOtherPagesAreRefused) {
  const auto id = ring("porch");
  for (const auto* more :
       {"Origin: https://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n",
        "Origin: null\r\nSec-Fetch-Site: cross-site\r\n", "Origin: null\r\nSec-Fetch-Site: same-site\r\n",
        "Origin: http://house\r\nSec-Fetch-Site: cross-site\r\n"})
    EXPECT_EQ(post(token(id), "action=acknowledge", more).status, 403) << more;
  settle();
  EXPECT_THAT(answers(id), IsEmpty());
  // What browsers say of our own form, because of Referrer-Policy: no-referrer.
  EXPECT_EQ(post(token(id), "action=acknowledge", "Origin: null\r\nSec-Fetch-Site: same-origin\r\n").status,
            200);
}

TEST_F(Links, OnlyThePagesOwnFormsAreTaken) {
  const auto id = ring("porch");
  const auto link = token(id);
  for (const std::string form :
       {"", "action=open", "action=acknowledge&text=x", "action=reply",
        "action=reply&text=", "action=reply&text=++", "action=reply&text=a%0Ab", "action=reply&text=%00",
        "action=reply&text=%ff", "action=reply&text=%", "action=reply&text=a&text=b",
        "action=reply&text=a&door=open", "action", "text=a"})
    EXPECT_EQ(post(link, form).status, form.empty() ? 415 : 400) << form;
  EXPECT_EQ(post(link, "action=reply&text=" + std::string(201, 'a')).status, 400);
  EXPECT_EQ(ask("POST", "/l/" + link, {}, nlohmann::json{{"action", "acknowledge"}}.dump()).status, 415);
  settle();
  EXPECT_THAT(answers(id), IsEmpty());
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "%C3%A4";
  EXPECT_EQ(post(link, "action=reply&text=" + umlauts).status, 200) << "200 characters, not bytes";
}

TEST_F(Links, OneAddressMayKnockSixtyTimesAMinute) {
  const auto link = token(ring("porch"));
  for (int i = 0; i < 60; ++i) ASSERT_EQ(look(link).status, 200) << i;
  EXPECT_EQ(look(link).status, 429);
  EXPECT_EQ(post(link, "action=acknowledge").status, 429);
  EXPECT_EQ(look(link).headers.at("retry-after"), "60");
  clock.advance(61s);
  EXPECT_EQ(look(link).status, 200);
}

TEST_F(Links, LooksAndAnswersAreOnRecordWithoutTheToken) {
  const auto id = ring("porch");
  add_picture(id, "a picture");
  const auto link = token(id);
  look(link);
  look(link);
  ask("GET", "/l/" + link + "/snapshot");
  EXPECT_EQ(post(link, "action=reply&text=secret+words").status, 200);
  settle();
  settle();  // the outcome's record is a job of its own
  std::vector<std::string> trail;
  for (const auto& record : executor.recorded()) {
    for (const auto* text :
         {&record.user, &record.resource, &record.changes, &record.description, &record.permission})
      EXPECT_THAT(*text, AllOf(Not(HasSubstr(link)), Not(HasSubstr("secret words"))));
    if (record.user == "link:mum")
      trail.push_back(record.operation + " " + record.resource + " " + record.changes +
                      (record.done ? (*record.done ? " done" : " failed") : ""));
  }
  const auto path = "/api/v1/events/" + id;
  EXPECT_THAT(trail, ElementsAre("view " + path + " ", "view " + path + "/snapshot ",
                                 "update " + path + " acknowledged, with a reply",
                                 "update " + path + " acknowledged, with a reply done"));
}

TEST_F(Links, WhatCannotBeRecordedIsNotDone) {
  const auto id = ring("porch");
  executor.audit_fails = true;
  EXPECT_EQ(post(token(id), "action=acknowledge").status, 503);
  executor.audit_fails = false;
  EXPECT_THAT(answers(id), IsEmpty());
  house.on_answer = nullptr;
  const auto refused = post(token(id), "action=acknowledge");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.count("retry-after"), 1U);
}

// Whoever adds a right to links, or a route behind them, says so here; none may open a door.
TEST_F(Links, GrantToLookToAcknowledgeAndToReplyAndNothingElse) {
  EXPECT_THAT(link_rights, ElementsAre("look", "acknowledge", "reply"));
  std::vector<std::string> routes;
  for (const auto& route : server.server->router().routes())
    if (route.path.starts_with("/l/"))
      routes.push_back(std::string(to_string(route.method)) + " " + route.path);
  EXPECT_THAT(routes,
              testing::UnorderedElementsAre("GET /l/{token}", "GET /l/{token}/snapshot", "POST /l/{token}"));
  const auto id = ring("porch");
  const auto link = token(id);
  std::size_t asked = 0;
  for (const auto& route : server.server->router().routes()) {
    if (route.visibility == http::Visibility::unix_only || route.path.starts_with("/l/")) continue;
    auto path = route.path;
    if (const auto at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, id);
    const auto verb = std::string(to_string(route.method));
    const auto without = ask(verb, path, {.more = "X-Forwarded-For: 203.0.113.9\r\n"});
    for (const Client& with :
         {Client{.bearer = link, .more = "X-Forwarded-For: 203.0.113.9\r\n"},
          Client{.cookie = "porchlight=" + link, .csrf = link, .more = "X-Forwarded-For: 203.0.113.9\r\n"}}) {
      EXPECT_EQ(ask(verb, path, with).status, without.status)
          << verb << ' ' << path << ": the token opens it";
      ++asked;
    }
  }
  EXPECT_GT(asked, 60U);
  EXPECT_EQ(post(link, "action=open").status, 400);
}

}  // namespace
}  // namespace porchlight::api
