// SPDX-License-Identifier: Apache-2.0
// What we sent, as a real mail server's own parser (Python's email package) reads it.
#include "notify/email.hpp"

#include <gmock/gmock.h>

#include "notify/hook.hpp"
#include "notify/mail_fixture.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string event_id = "018bcfe5-6800-7abc-8def-0123456789ab";

Message message_for(std::uint32_t sequence, Words words) {
  Message message;
  message.row.key = {*event::EventId::parse(event_id), "post", sequence};
  message.row.type = sequence == 0 ? "ring" : "ring_update";
  message.row.happened = WallTime{1'700'000'000'999ms};  // Tue, 14 Nov 2023 22:13:20 GMT
  message.words = std::move(words);
  return message;
}

store::JpegBytes some_picture(std::size_t size = 50000) {
  std::vector<std::uint8_t> bytes{0xff, 0xd8, 0x00, '\r', '\n', '.', '\r', '\n'};
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(i * i));
  return std::make_shared<const std::vector<std::uint8_t>>(bytes);
}

struct EmailTest : MailFixture {
  // What the server has of one message.
  static nlohmann::json sent(const Message& message) {
    MailSink sink;
    const auto delivery = channel(options_for(sink))->deliver(message, {});
    EXPECT_EQ(delivery.kind, Delivery::Kind::delivered) << delivery.text;
    if (delivery.kind != Delivery::Kind::delivered) return {};
    auto mail = sink.next();
    EXPECT_EQ(mail.at("faults").size(), 0U) << mail.at("faults");
    EXPECT_EQ(mail.at("bare_line_ends"), 0);
    EXPECT_LE(mail.at("longest").get<int>(), 150);
    return mail;
  }
};

TEST_F(EmailTest, TextAndHtmlSayTheSameAndTheHeadSaysWhoseMailItIs) {
  auto mail = sent(message_for(0, {"Someone is at the door", "Camera: front\nTime: now",
                                   "https://door.example.org/l/abc?a=1&b=2", false}));
  EXPECT_EQ(mail["from"], "door@example.org");
  EXPECT_EQ(mail["to"], nlohmann::json({"anna@example.org", "ben@example.net"}));
  EXPECT_EQ(mail["helo"], "[127.0.0.1]");
  EXPECT_EQ(mail["shape"], "multipart/alternative(text/plain,text/html)");
  EXPECT_EQ(mail["head"]["from"], "Porchlight <door@example.org>");
  EXPECT_EQ(mail["head"]["to"], "anna@example.org, ben@example.net");
  EXPECT_EQ(mail["head"]["subject"], "Someone is at the door");
  EXPECT_EQ(mail["head"]["mime-version"], "1.0");
  EXPECT_EQ(mail["head"]["auto-submitted"], "auto-generated");
  EXPECT_EQ(mail["head"]["x-porchlight-event"], "ring");
  EXPECT_EQ(mail["date"], "2023-11-14T22:13:20+00:00");
  EXPECT_EQ(mail["text"],
            "Someone is at the door\n\nCamera: front\nTime: now\n\n"
            "https://door.example.org/l/abc?a=1&b=2\n");
  const auto html = mail["html"].get<std::string>();
  EXPECT_THAT(html, HasSubstr("<strong>Someone is at the door</strong>"));
  EXPECT_THAT(html, HasSubstr("Camera: front<br>\nTime: now"));
  EXPECT_THAT(html, HasSubstr("<a href=\"https://door.example.org/l/abc?a=1&amp;b=2\">"));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
}

TEST_F(EmailTest, PictureIsInTheHtmlAndArrivesByteForByte) {
  auto message = message_for(1, {"Someone is at the door", "", "", false});
  message.picture = some_picture(300000);
  auto mail = sent(message);
  EXPECT_EQ(mail["shape"], "multipart/alternative(text/plain,multipart/related(text/html,image/jpeg))");
  EXPECT_TRUE(decode_base64(mail["picture"]) ==
              std::string(message.picture->begin(), message.picture->end()));
  const auto id = mail["picture_id"].get<std::string>();
  EXPECT_THAT(id, StartsWith("<snapshot." + event_id + ".1.post@"));
  EXPECT_THAT(mail["html"].get<std::string>(), HasSubstr("src=\"cid:" + id.substr(1, id.size() - 2) + "\""));
  EXPECT_THAT(mail["disposition"].get<std::string>(), StartsWith("inline"));
}

TEST_F(EmailTest, AClipIsAFileBesideTheWords) {
  auto message = message_for(3, {"Someone is at the door", "", "", false});
  message.clip = some_picture(500000);
  message.receipts = {{0, "Someone is at the door"}};
  auto mail = sent(message);
  EXPECT_EQ(mail["shape"], "multipart/mixed(multipart/alternative(text/plain,text/html),video/mp4)");
  ASSERT_EQ(mail["files"].size(), 1U);
  EXPECT_EQ(mail["files"][0][0], "clip.mp4");
  EXPECT_EQ(mail["files"][0][1], "video/mp4");
  EXPECT_TRUE(decode_base64(mail["files"][0][2]) == std::string(message.clip->begin(), message.clip->end()));
  EXPECT_EQ(mail["head"]["in-reply-to"], "<" + event_id + ".0.post@example.org>");
  // With a picture, too.
  message.picture = some_picture();
  EXPECT_EQ(
      sent(message)["shape"],
      "multipart/mixed(multipart/alternative(text/plain,multipart/related(text/html,image/jpeg)),video/mp4)");
}

TEST_F(EmailTest, LaterMessagesAreAnswersToTheFirstAndRepetitionsKeepTheirId) {
  MailSink sink;
  const auto post = channel(options_for(sink));
  const auto first = message_for(0, {"Es klingelt", "", "", false});
  const auto delivery = post->deliver(first, {});
  ASSERT_EQ(delivery.kind, Delivery::Kind::delivered) << delivery.text;
  ASSERT_EQ(post->deliver(first, {}).kind, Delivery::Kind::delivered);
  auto name = message_for(2, {"Es klingelt: Zoë", "", "", false});
  name.receipts = {{0, delivery.receipt}};
  ASSERT_EQ(post->deliver(name, {}).kind, Delivery::Kind::delivered);
  auto one = sink.next(), again = sink.next(), answer = sink.next();
  const auto id = "<" + event_id + ".0.post@example.org>";
  EXPECT_EQ(one["head"]["message-id"], id);
  EXPECT_FALSE(one["head"].contains("in-reply-to"));
  for (auto* mail : {&one, &again}) (*mail)["head"].erase("content-type");  // its boundary is new each time
  EXPECT_EQ(again["head"], one["head"]);
  EXPECT_EQ(answer["head"]["message-id"], "<" + event_id + ".2.post@example.org>");
  EXPECT_EQ(answer["head"]["in-reply-to"], id);
  EXPECT_EQ(answer["head"]["references"], id);
  EXPECT_EQ(answer["head"]["subject"], "Re: Es klingelt");
  EXPECT_THAT(answer["text"].get<std::string>(), StartsWith("Es klingelt: Zoë\n"));

  name.receipts.clear();  // after a restart of long ago
  ASSERT_EQ(post->deliver(name, {}).kind, Delivery::Kind::delivered);
  EXPECT_EQ(sink.next()["head"]["subject"], "Es klingelt: Zoë");
}

TEST_F(EmailTest, ReceiptHoldsNoNameOfAPerson) {
  MailSink sink;
  auto sighting = message_for(0, {"Zoë", "", "", false});
  sighting.row.type = "sighting";
  EXPECT_EQ(channel(options_for(sink))->deliver(sighting, {}).receipt, "");
}

TEST_F(EmailTest, LongSubjectInAnyScriptIsReadAsItWasWritten) {
  std::string name;
  for (int i = 0; i < 20; ++i) name += "Zoë Größe ✓ 門鈴 ";
  name.resize(name.find_last_of(' '));
  auto mail = sent(message_for(0, {"Es klingelt: " + name, name, "", false}));
  const auto subject = mail["head"]["subject"].get<std::string>();
  EXPECT_GT(subject.size(), 280U);
  EXPECT_THAT("Es klingelt: " + name, StartsWith(subject));
  EXPECT_THAT(mail["text"].get<std::string>(), HasSubstr(name + "\n"));
  EXPECT_THAT(mail["html"].get<std::string>(), HasSubstr(name));
  // What looks like an encoded word is none of ours.
  EXPECT_EQ(sent(message_for(0, {"=?UTF-8?Q?Zo=C3=AB?=", "", "", false}))["head"]["subject"],
            "=?UTF-8?Q?Zo=C3=AB?=");
}

TEST_F(EmailTest, NameWithLineEndsAddsNoHeaderAndEndsNoHead) {
  const std::string name = "Eve\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script>\n\rX: \x01\x7f";
  auto harmless = sent(message_for(0, {"Eve", "", "", false}));
  auto mail = sent(message_for(0, {name, "Person: " + name, "javascript:alert(1)", true}));
  auto names = harmless["names"].get<std::vector<std::string>>();
  names.insert(std::find(names.begin(), names.end(), "Content-Type"), "Importance");
  EXPECT_THAT(mail["names"].get<std::vector<std::string>>(), testing::UnorderedElementsAreArray(names));
  EXPECT_EQ(mail["to"], harmless["to"]);
  EXPECT_EQ(mail["head"]["importance"], "high");
  EXPECT_EQ(mail["shape"], "multipart/alternative(text/plain,text/html)");
  EXPECT_THAT(mail["head"]["subject"].get<std::string>(), StartsWith("Eve  Bcc: eve@example.com "));
  EXPECT_THAT(mail["html"].get<std::string>(), Not(HasSubstr("<script>")));
  EXPECT_THAT(mail["html"].get<std::string>(), Not(HasSubstr("href")));
  EXPECT_THAT(mail["text"].get<std::string>(), HasSubstr("<script>alert(1)</script>"));
}

TEST_F(EmailTest, WhatIsNoUtf8IsReplaced) {
  auto mail = sent(message_for(0, {"Zo\xeb", "a\xff\xfe", "", false}));
  EXPECT_EQ(mail["head"]["subject"], "Zo?");
  EXPECT_THAT(mail["text"].get<std::string>(), HasSubstr("a??"));
}

TEST_F(EmailTest, LinesOfDotsAndOfAnyLengthArriveAsTheyAre) {
  const std::string text = ".\n..\n.hidden\n" + std::string(3000, '.') + "\nFrom here\nend  ";
  auto mail = sent(message_for(0, {"dots", text, "", false}));
  EXPECT_EQ(mail["text"], "dots\n\n" + text + "\n");
}

TEST_F(EmailTest, LoginOverEitherKindOfTls) {
  const auto& certificates = Certificates::get();
  for (const std::string scheme : {"smtp", "smtps"}) {
    MailSink sink({scheme == "smtp" ? "--starttls" : "--smtps", certificates.certificate, certificates.key,
                   "--user", "door", "--password", "s3cret wörd"});
    auto options = options_for(sink);
    options.server.url = sink.url(scheme);
    options.server.tls = http::MailTls::required;
    options.server.ca_file = certificates.authority;
    options.server.user = "door";
    options.server.password = "s3cret wörd";
    const auto post = channel(options);
    const auto reached = post->reach({});
    EXPECT_TRUE(reached.ok()) << reached.error().text();
    const auto delivery = post->deliver(message_for(0, {"ring", "", "", false}), {});
    ASSERT_EQ(delivery.kind, Delivery::Kind::delivered) << scheme << ": " << delivery.text;
    auto mail = sink.next();
    EXPECT_EQ(mail["tls"], true);
    EXPECT_EQ(mail["user"], "door");
  }
}

}  // namespace
}  // namespace porchlight::notify
