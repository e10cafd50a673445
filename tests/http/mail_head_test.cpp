// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "http/mail_head.hpp"
#include "http/mail_transcript.hpp"

namespace porchlight::http {
namespace {

using namespace std::chrono_literals;

TEST(MailAddress, IsPlainAsciiOfOneForm) {
  for (const auto* good : {"a@b", "anna@example.org", "anna.b+door@mail-1.example.org", "o'neil@example.org"})
    EXPECT_TRUE(is_mail_address(good)) << good;
  for (const auto* bad : {"",
                          "@",
                          "anna",
                          "anna@",
                          "@example.org",
                          "a b@example.org",
                          "anna@exa mple.org",
                          "anna@example.org\r\nBcc: eve@example.org",
                          "<anna@example.org>",
                          "a@b@c",
                          ".a@b",
                          "a.@b",
                          "a..b@c",
                          "a@.b",
                          "a@b.",
                          "a@b..c",
                          "a@-b",
                          "a@b-",
                          "a@b-.c",
                          "a@b.-c",
                          "\"a b\"@c",
                          "zoë@example.org",
                          "a@zoë.org",
                          "a@[127.0.0.1]",
                          "a@b\n",
                          "a,b@c"})
    EXPECT_FALSE(is_mail_address(bad)) << bad;
  EXPECT_FALSE(is_mail_address(std::string(65, 'a') + "@b"));
  EXPECT_FALSE(is_mail_address("a@" + std::string(253, 'b')));
}

TEST(MailAddress, IsMaskedWhereverItStands) {
  EXPECT_EQ(with_masked_addresses("550 <anna.b@example.org>: ben+x@c refused"),
            "550 <a…@example.org>: b…@c refused");
  EXPECT_EQ(with_masked_addresses("no address @ all, x@"), "no address @ all, x…@");
}

TEST(MailHead, DateIsOfTheFieldsFormInAnyYear) {
  EXPECT_EQ(mail_date(WallTime{1'700'000'000'999ms}), "Tue, 14 Nov 2023 22:13:20 +0000");
  EXPECT_EQ(mail_date(WallTime{951'782'400s}), "Tue, 29 Feb 2000 00:00:00 +0000");
  EXPECT_EQ(mail_date(WallTime{-1ms}), "Wed, 31 Dec 1969 23:59:59 +0000");
}

TEST(MailHead, FoldedLinesHoldWholeCharactersAndKeepTheLimit) {
  std::string text;
  for (int i = 0; i < 90; ++i) text += "門";
  const auto header = text_header("Subject", text);
  for (std::size_t begin = 0; begin < header.size();) {
    const auto end = std::min(header.find("\r\n", begin), header.size());
    EXPECT_LE(end - begin, 76U);
    begin = end + 2;
  }
  EXPECT_EQ(text_header("Subject", "plain"), "Subject: plain");
  EXPECT_EQ(text_header("Subject", "a\r\nb"), "Subject: a  b");
  EXPECT_EQ(text_header("Subject", "ä"), "Subject: =?UTF-8?B?w6Q=?=");
}

TEST(MailHead, BodyHasOneKindOfLineEnd) {
  EXPECT_EQ(body_text("a\nb\r\nc\rd\n\r\n"), "a\r\nb\r\nc\r\nd\r\n\r\n");
  EXPECT_EQ(body_text(std::string("a\0b\x1b\tc", 6)), "ab\tc");
}

TEST(MailTranscript, TellsWhoWasRefusedAndWhatTheLastWordWas) {
  MailTranscript transcript("door", "s3cret");
  transcript.received("220 hello\r\n");
  transcript.sent("EHLO x\r\n");
  transcript.received("250-mail\r\n");
  EXPECT_EQ(transcript.reply().code, 0) << "the reply is not whole";
  transcript.received("250-SIZE 100\r\n250 HELP\r\n");
  EXPECT_EQ(transcript.reply().code, 250);
  transcript.sent("RCPT TO:<anna@example.org>\r\n");
  transcript.received("550-5.1.1 first\r\n550 second\r\n");
  transcript.sent("RCPT TO:<ben@example.org> NOTIFY=NEVER\r\n");
  ASSERT_EQ(transcript.recipients().size(), 2U);
  EXPECT_EQ(transcript.recipients()[0].first, "anna@example.org");
  EXPECT_EQ(transcript.recipients()[0].second.code, 550);
  EXPECT_EQ(transcript.recipients()[0].second.words, "5.1.1 first second");
  EXPECT_EQ(transcript.recipients()[1].first, "ben@example.org");
  EXPECT_EQ(transcript.recipients()[1].second.code, 0);
  transcript.received("250\r\n");
  transcript.sent("DATA\r\n");
  transcript.received("garbage\r\n451 door s3cret\r\n");
  EXPECT_FALSE(transcript.is_about_recipient());
  transcript.sent("QUIT\r\n");
  transcript.received("221 bye\r\n");
  EXPECT_TRUE(transcript.said_goodbye());
  EXPECT_EQ(transcript.reply().code, 451);
  EXPECT_EQ(transcript.reply().words, "*** ***");
}

}  // namespace
}  // namespace porchlight::http
