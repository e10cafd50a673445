// SPDX-License-Identifier: Apache-2.0
#include "camera/rtsp_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace porchlight::camera {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RtspHead, IsReadWithItsHeaders) {
  const auto head = parse_head("RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length:  17 \r\nSESSION: a;timeout=30");
  ASSERT_TRUE(head.ok()) << head.error().text();
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->reason, "OK");
  EXPECT_EQ(head->header("cseq"), "2");
  EXPECT_EQ(head->header("session"), "a;timeout=30");
  EXPECT_EQ(head->header("absent"), "");
  EXPECT_EQ(head->body, 17U);
}

TEST(RtspHead, RefusesWhatIsNone) {
  for (const char* text :
       {"", "HTTP/1.1 200 OK", "RTSP/1.0", "RTSP/1.0 2x0 OK", "RTSP/1.0 20", "RTSP/1.0 200 OK\r\nno colon",
        "RTSP/1.0 200 OK\r\nContent-Length: -1", "RTSP/1.0 200 OK\r\nContent-Length: 99999999",
        "RTSP/1.0 200 OK\r\nContent-Length: 12x"})
    EXPECT_FALSE(parse_head(text).ok()) << text;
}

TEST(RtspHead, KnowsARequest) {
  const auto head = parse_head("OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 7\r\nContent-Length: 3");
  ASSERT_TRUE(head.ok()) << head.error().text();
  EXPECT_EQ(head->method, "OPTIONS");
  EXPECT_EQ(head->header("cseq"), "7");
  EXPECT_EQ(head->body, 3U);
  EXPECT_EQ(parse_head("RTSP/1.0 200 OK")->method, "");
  for (const char* text : {"OPTIONS RTSP/1.0", "options rtsp://x/ RTSP/1.0", "GET / HTTP/1.1", " x RTSP/1.0"})
    EXPECT_FALSE(parse_head(text).ok()) << text;
}

// std::from_chars leaves the number alone and its pointer at the end when there are too many digits.
TEST(RtspHead, RefusesANumberThatIsTooLarge) {
  EXPECT_FALSE(parse_head("RTSP/1.0 200 OK\r\nContent-Length: 99999999999999999999999").ok());
  EXPECT_EQ(parse_session("ab;timeout=99999999999999").second, 60);
}

TEST(RtspTransport, TellsTheChannels) {
  const auto of = [](std::string_view text) { return parse_channels(text).value(); };
  EXPECT_EQ(of("RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=1"), (Channels{4, 5}));
  EXPECT_EQ(of("RTP/AVP/TCP; interleaved = 2-3"), (Channels{2, 3}));
  EXPECT_EQ(of("RTP/AVP/TCP;interleaved=9"), (Channels{9, 9}));
  EXPECT_EQ(of(""), (Channels{0, 1})) << "as it was asked";
  EXPECT_EQ(of("RTP/AVP/TCP;unicast"), (Channels{0, 1}));
  EXPECT_EQ(of("RTP/AVP;unicast;interleaved=2-3"), (Channels{2, 3})) << "without /TCP";
  EXPECT_EQ(parse_channels("RTP/AVP/TCP;unicast", {2, 3}).value(), (Channels{2, 3}));
  EXPECT_EQ(parse_channels("RTP/AVP/TCP;interleaved=6-7", {2, 3}).value(), (Channels{6, 7}));
  for (const char* text :
       {"RTP/AVP;unicast;client_port=4588-4589", "RTP/AVP;unicast", "RTP/AVP;interleaved=x",
        "RTP/AVP/TCP;interleaved=256-257", "RTP/AVP/TCP;interleaved=a-b", "RTP/AVP/TCP;interleaved="})
    EXPECT_FALSE(parse_channels(text).ok()) << text;
}

TEST(RtspSession, TellsItsTimeout) {
  EXPECT_EQ(parse_session("12345678"), (std::pair<std::string, int>("12345678", 60)));
  EXPECT_EQ(parse_session(" ab ; timeout=15"), (std::pair<std::string, int>("ab", 15)));
  EXPECT_EQ(parse_session("ab;timeout=never"), (std::pair<std::string, int>("ab", 60)));
}

RtspHead refusal(std::vector<std::string> challenges) {
  RtspHead head;
  head.status = 401;
  for (auto& one : challenges) head.headers.emplace_back("www-authenticate", std::move(one));
  return head;
}

// The example of RFC 2617, 3.5, without qop as RFC 2069 has it: checked with openssl.
TEST(RtspLogin, AnswersByDigest) {
  RtspLogin login("Mufasa", "Circle Of Life");
  EXPECT_EQ(login.answer("DESCRIBE", "rtsp://x/"), "");
  ASSERT_TRUE(login.take(
      refusal({"Basic realm=\"x\"",
               "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
               "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""})));
  const auto answer = login.answer("GET", "/dir/index.html");
  EXPECT_THAT(answer, HasSubstr("Digest username=\"Mufasa\", realm=\"testrealm@host.com\""));
  EXPECT_THAT(answer, HasSubstr("response=\"670fd8c2df070c60b045671b8b24ff02\""));
  EXPECT_THAT(answer, HasSubstr("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""));
  EXPECT_THAT(answer, Not(HasSubstr("qop")));
  EXPECT_THAT(answer, Not(HasSubstr("Circle")));
}

TEST(RtspLogin, TakesTheStrongestThatItKnows) {
  RtspLogin login("u", "p");
  ASSERT_TRUE(
      login.take(refusal({"Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256, qop=\"auth\"",
                          "digest realm=\"r\", nonce=\"n\", algorithm=\"SHA-256\", qop=\"auth,auth-int\"",
                          "Digest realm=\"r\", nonce=\"n\", algorithm=MD5"})));
  const auto answer = login.answer("PLAY", "rtsp://x");
  EXPECT_THAT(answer, HasSubstr("algorithm=SHA-256"));
  EXPECT_THAT(answer, HasSubstr("qop=auth, nc=00000001, cnonce="));
  EXPECT_THAT(login.answer("PLAY", "rtsp://x"), HasSubstr("nc=00000002"));
}

TEST(RtspLogin, AnswersPlainlyWhereNothingElseIsAsked) {
  RtspLogin login("Aladdin", "open sesame");
  ASSERT_TRUE(login.take(refusal({"Basic realm=\"x\""})));
  EXPECT_EQ(login.answer("PLAY", "x"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  RtspLogin nobody("", "");
  EXPECT_FALSE(nobody.take(refusal({"Basic realm=\"x\""})));
  EXPECT_FALSE(login.take(refusal({"NTLM"})));
  EXPECT_FALSE(login.take(refusal({})));
}

constexpr const char* description =
    "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=cam\r\na=control:*\r\n"
    "m=audio 0 RTP/AVP 8\r\na=control:track0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
    "m=video 0 RTP/AVP 97\r\na=control:track2\r\n";

TEST(Description, IsReducedToTheFirstVideo) {
  const auto video = video_of(description, "rtsps://cam/main");
  ASSERT_TRUE(video.ok()) << video.error().text();
  EXPECT_EQ(video->setup, "rtsps://cam/main/track1");
  EXPECT_EQ(video->control, "rtsps://cam/main");
  EXPECT_THAT(video->sdp, HasSubstr("s=cam\r\n"));
  EXPECT_THAT(video->sdp, HasSubstr("a=rtpmap:96 H264/90000\r\n"));
  EXPECT_THAT(video->sdp, Not(HasSubstr("audio")));
  EXPECT_THAT(video->sdp, Not(HasSubstr("track2")));
  EXPECT_EQ(video_of(description, "rtsps://cam/main/")->setup, "rtsps://cam/main/track1");
}

TEST(Description, TellsTheSoundApart) {
  const auto video = video_of(description, "rtsps://cam/main");
  ASSERT_TRUE(video.ok());
  EXPECT_EQ(video->audio_sdp, "m=audio 0 RTP/AVP 8\r\na=control:track0\r\n");
  EXPECT_EQ(video->audio_setup, "rtsps://cam/main/track0");
}

TEST(Description, HasNoSoundThatCannotBeHeard) {
  for (const char* sound : {"m=audio 0 RTP/AVP 96\r\na=control:s\r\n",  // not to be told from the pictures
                            "m=audio 0 RTP/SAVP 8\r\na=control:s\r\n",  // encrypted
                            "m=audio 0 RTP/AVP 8\r\na=recvonly\r\n",    // the camera's loudspeaker
                            "m=audio 0 RTP/AVP 8\r\na=inactive\r\n", ""}) {
    const auto video = video_of(std::string("v=0\r\nm=video 0 RTP/AVP 96\r\n") + sound, "x");
    ASSERT_TRUE(video.ok()) << sound;
    EXPECT_EQ(video->audio_setup, "") << sound;
    EXPECT_EQ(video->audio_sdp, "") << sound;
  }
}

TEST(Description, MayNameWholeUrls) {
  const auto video = video_of(
      "v=0\na=control:rtsp://cam/all\nm=video 0 RTP/AVP 96\na=control:rtsp://cam/one\n", "rtsps://x");
  ASSERT_TRUE(video.ok());
  EXPECT_EQ(video->control, "rtsp://cam/all");
  EXPECT_EQ(video->setup, "rtsp://cam/one");
}

TEST(Description, EndsItsLinesByACarriageReturnAloneToo) {
  const auto video =
      video_of("v=0\rs=W8m=video 0\rm=video 0 RTP/AVP 96\ra=control:one\rm=audio 0 RTP/AVP 8\r", "x");
  ASSERT_TRUE(video.ok());
  EXPECT_EQ(video->sdp, "v=0\r\ns=W8m=video 0\r\nm=video 0 RTP/AVP 96\r\na=control:one\r\n");
}

TEST(Description, WithoutVideoIsRefused) {
  EXPECT_EQ(video_of("v=0\r\nm=audio 0 RTP/AVP 8\r\n", "x").error().code(), ErrorCode::corrupt);
  EXPECT_EQ(video_of("", "x").error().code(), ErrorCode::corrupt);
  EXPECT_EQ(video_of("v=0\r\nm=video 0 RTP/SAVP 96\r\n", "x").error().code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace porchlight::camera
