// SPDX-License-Identifier: Apache-2.0
// No secret of the corpus gets out, by any call, in any format; and plain text stays as it is.
#include <gmock/gmock.h>

#include "telemetry/log_fixture.hpp"
#include "telemetry/scrub.hpp"

namespace porchlight::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Case {
  const char* text;    // what is logged
  const char* secret;  // what must not be seen
};

constexpr Case corpus[] = {
    {"open 'rtsp://admin:hunter2@10.0.0.5/main': timeout", "hunter2"},
    {"open 'rtsp://admin:hunter2@10.0.0.5/main': timeout", "admin"},
    {"rtsp://admin:hun/ter2@cam.local/x", "ter2"},
    {"rtsp://admin:p@ss@cam.local/x", "p@ss"},
    {"RTSPS://u:s3cr3t@[::1]:554", "s3cr3t"},
    {"https://u:s3cr3t@host?x=1", "s3cr3t"},
    {"a http://x:one1@h and http://y:two2@h", "two2"},
    {"Authorization: Bearer abc.def-123", "abc.def-123"},
    {"authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"},
    {"sent bearer AAAABBBBCCCC", "AAAABBBBCCCC"},
    {"Proxy-Authorization: Digest username=\"bob\", response=\"deadbeef\"", "deadbeef"},
    {"Cookie: session=aa11bb22; theme=dark", "aa11bb22"},
    {"Set-Cookie: id=aa11bb22; HttpOnly", "aa11bb22"},
    {"GET /x?token=deadbeef&y=1", "deadbeef"},
    {"GET /x?a=1&key=AIzaSyD", "AIzaSyD"},
    {"GET /x?access_token=deadbeef", "deadbeef"},
    {"GET /x?sig=deadbeef", "deadbeef"},
    {"api_key=deadbeef, next", "deadbeef"},
    {"API-KEY: deadbeef", "deadbeef"},
    {"password=hunter2", "hunter2"},
    {"password: hunter2", "hunter2"},
    {"password = \"hunter two\"", "hunter two"},
    {"{\"password\":\"hunter2\",\"a\":1}", "hunter2"},
    {"{'client_secret': 'hunter2'}", "hunter2"},
    {"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF_-1", "eyJzdWIiOiIxIn0"},
    {"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF_-1", "abcDEF_-1"},
    {"https://api.telegram.org/bot123456789:AAEabcdefghijklmnopqrstuvwxyz0123456/sendMessage", "AAEabc"},
    {"/api/v1/users/pls_AAEabcdefghijklmnopqrstuvwxyz0123456789-_ABCDEF", "AAEabcdef"},
    {"bot 123456789:AAEabcdefghijklmnopqrstuvwxyz0123456", "123456789"},
    {"POST https://hooks.slack.com/services/T000/B000/XXXXyyyy", "XXXXyyyy"},
    {"POST https://discord.com/api/webhooks/1234/abcdEFGH", "abcdEFGH"},
    {"mail to john.doe+x@example.org failed", "john.doe"},
    {"mail to john.doe+x@example.org failed", "example.org"},
    {"https://token:x-oauth@git.host/r", "x-oauth"},
    {"password=", "\x01"},
    {"token=first token=second9", "second9"},
};

TEST(Scrubbing, HidesEverySecretOfTheCorpus) {
  for (const auto& [text, secret] : corpus) EXPECT_THAT(scrubbed(text), Not(HasSubstr(secret))) << text;
}

TEST(Scrubbing, KeepsWhatIsNoSecret) {
  for (const char* text : {"connection failed, reconnecting in 2 s",
                           "rtsp://cam.local:554/main?x=1",
                           "http://[::1]:8000/metrics",
                           "https://host/path/@user",
                           "basic settings are read",
                           "2025-01-29T04:20:12.950Z",
                           "10:20:30",
                           "a = b",
                           "tokens_total: 7",
                           "key: value",
                           "camera=front",
                           "the template is fine",
                           "10.0.0.1:8000",
                           "@",
                           "a@b",
                           "://@",
                           "eyJ is no token",
                           "pls_ is how one begins",
                           "line 14: 5 faults",
                           "",
                           "threshold=0.49",
                           "bearer of news"}) {
    EXPECT_EQ(scrubbed(text), text);
  }
}

TEST(Scrubbing, LeavesTheRestOfALineReadable) {
  EXPECT_EQ(scrubbed("open 'rtsp://admin:pw@cam/main': timeout"),
            "open 'rtsp://[redacted]@cam/main': timeout");
  EXPECT_EQ(scrubbed("GET /x?token=abc&y=1"), "GET /x?token=[redacted]&y=1");
  EXPECT_EQ(scrubbed("{\"password\":\"x\",\"a\":1}"), "{\"password\":\"[redacted]\",\"a\":1}");
}

TEST(Scrubbing, TakesTimeInProportion) {
  // Would not return in a test's time if a scanner looked back or ahead over all the text each time.
  for (const char* part :
       {"@", "a@", "://", "=", "token=", "1:", "eyJ", "\"password\":\"", "b", "http://a:b/"}) {
    std::string text;
    while (text.size() < 64 * 1024) text += part;
    scrubbed(text);
  }
}

TEST(SecretKeys, AreFoundByTheirWords) {
  for (const char* key :
       {"password", "Password", "db_password", "api_key", "apiKey", "API-KEY", "authorization", "bot_token",
        "cookie", "client_secret", "person", "person_name", "plate", "face_embedding", "privateKey"}) {
    EXPECT_TRUE(is_secret_key(key)) << key;
  }
  for (const char* key :
       {"tokens_total", "template", "key", "keyframe", "camera", "persons", "", "_", "passwordless"}) {
    EXPECT_FALSE(is_secret_key(key)) << key;
  }
}

TEST(SecretKeys, OfPersonsAreTheirOwnKind) {
  for (const char* key : {"person", "personName", "number_plate"})
    EXPECT_EQ(kind_of_key(key), KeyKind::personal);
  for (const char* key : {"person_token", "password", "face_embedding", "api_key"})
    EXPECT_EQ(kind_of_key(key), KeyKind::secret) << key;
  EXPECT_EQ(kind_of_key("camera"), KeyKind::open);
}

class ScrubbedLog : public LogTest, public testing::WithParamInterface<bool> {};

TEST_P(ScrubbedLog, HoldsNoSecretWhereverItWasPut) {
  LogOptions options;
  options.json = GetParam();
  options.dir = folder_.string();
  start(options);
  std::int64_t number = 0;
  for (const auto& [text, secret] : corpus) {
    logger_.info(text);
    // The number: an error that is the same as the one before is counted, not written.
    logger_.error("x", {{"value", std::string(text)},
                        {"event", std::string(text)},
                        {"user_agent", std::string(text)},
                        {"n", ++number}});
    for (const char* key : {"password", "token", "person", "Authorization"}) {
      logger_.warning("x", {{key, std::string(secret)}});
    }
    // At the end of a long text, where the cut falls.
    logger_.info(std::string(64 * 1024 - 40, ' ') + text);
    logger_.info(std::string(16 * 1024 - 300, 'x') + ' ' + text);
  }
  for (const auto& file : {folder_ / "out", folder_ / "hardware.log"}) {
    const auto all = lines_of(file);
    EXPECT_EQ(all.size(), std::size(corpus) * 8);
    for (const auto& line : all) {
      for (const auto& [text, secret] : corpus) {
        ASSERT_THAT(line, Not(HasSubstr(secret)));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ScrubbedLog, testing::Bool());

}  // namespace
}  // namespace porchlight::telemetry
