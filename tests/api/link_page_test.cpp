// SPDX-License-Identifier: Apache-2.0
#include "api/link_page.hpp"

#include <gmock/gmock.h>

#include "api/digest.hpp"
#include "api/link_routes.hpp"
#include "api/visit_limit.hpp"

namespace porchlight::api {
namespace {

using notify::Language;
using testing::HasSubstr;
using testing::Not;

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const auto from = text.find(before) + before.size();
  return text.substr(from, text.find(after, from) - from);
}

std::string policy_of(const http::Response& response) {
  for (const auto& [name, value] : response.headers)
    if (name == "Content-Security-Policy") return value;
  return {};
}

TEST(LinkPage, OnlyItsOwnStyleIsAllowed) {
  LinkPage page;
  page.title = "Ring";
  const auto response = link_page(200, page);
  const auto style = between(response.body, "<style>", "</style>");
  EXPECT_THAT(policy_of(response), HasSubstr("'sha256-" + sha256_base64(style) + "'"));
  EXPECT_THAT(response.body, Not(HasSubstr(" style=")));
  EXPECT_THAT(response.body, Not(HasSubstr("<script")));
  EXPECT_THAT(style, HasSubstr("color-scheme:light dark"));
}

TEST(LinkPage, NothingThatItShowsIsMarkup) {
  const std::string evil = "\"><script>alert('x')</script>&";
  LinkPage page;
  page.title = page.text = page.notice = evil;
  page.action = "/l/" + evil;
  page.has_picture = true;
  page.answers = {{store::Acknowledgement::Kind::reply, "link:" + evil, evil, {}}};
  const auto body = link_page(200, page).body;
  EXPECT_THAT(body, Not(HasSubstr("<script")));
  EXPECT_THAT(body, HasSubstr("&lt;script&gt;alert(&#39;x&#39;)"));
}

TEST(LinkPage, FaultsAreInBothLanguagesWithTheirStatus) {
  for (const auto fault : {LinkFault::unknown, LinkFault::expired, LinkFault::busy, LinkFault::too_often,
                           LinkFault::foreign, LinkFault::bad_form, LinkFault::gone}) {
    const auto english = link_fault(fault, Language::english);
    const auto german = link_fault(fault, Language::german);
    EXPECT_EQ(english.status, german.status);
    EXPECT_GE(english.status, 400);
    EXPECT_NE(between(english.body, "<p>", "</p>"), between(german.body, "<p>", "</p>"));
  }
}

TEST(PreferredLanguage, IsTheFirstOfTheTwo) {
  EXPECT_EQ(preferred_language("de-DE,de;q=0.9,en;q=0.8"), Language::german);
  EXPECT_EQ(preferred_language("fr, en-US"), Language::english);
  EXPECT_EQ(preferred_language("EN"), Language::english);
  for (const auto* none : {"", "fr", "*", "d", "den", ",,", "english"})
    EXPECT_FALSE(preferred_language(none)) << none;
}

TEST(ReplyText, IsOneLineOfUpTo200Characters) {
  EXPECT_EQ(reply_text("  I'm coming "), "I'm coming");
  EXPECT_EQ(reply_text("ü"), "ü");
  EXPECT_TRUE(reply_text(std::string(200, 'x')));
  for (const auto& none :
       {std::string(), std::string("  "), std::string(201, 'x'), std::string("a\nb"), std::string("a\tb"),
        std::string("a\0b", 3), std::string("a\x7f"), std::string("\xc3")})
    EXPECT_FALSE(reply_text(none)) << none;
}

TEST(VisitLimit, CountsEachAddressAndRemembersSomeOnly) {
  SimulatedClock clock;
  VisitLimit limit(clock, 2);
  EXPECT_TRUE(limit.may_come("10.0.0.1"));
  EXPECT_TRUE(limit.may_come("10.0.0.1"));
  EXPECT_FALSE(limit.may_come("10.0.0.1"));
  EXPECT_TRUE(limit.may_come("10.0.0.2"));
  EXPECT_TRUE(limit.may_come("2001:db8::1"));
  EXPECT_TRUE(limit.may_come("2001:db8::2"));
  EXPECT_FALSE(limit.may_come("2001:db8::3")) << "one subscriber";
  clock.advance(std::chrono::seconds{61});
  EXPECT_TRUE(limit.may_come("10.0.0.1"));
  for (std::size_t i = 0; i < 2 * VisitLimit::remembered; ++i)
    EXPECT_TRUE(limit.may_come("10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256)));
}

}  // namespace
}  // namespace porchlight::api
