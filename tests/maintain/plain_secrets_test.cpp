// SPDX-License-Identifier: Apache-2.0
#include "maintain/plain_secrets.hpp"

#include <gtest/gtest.h>

namespace porchlight::maintain {
namespace {

TEST(PlainSecrets, AreFoundByLine) {
  EXPECT_EQ(line_of_plain_secret("cameras:\n  - id: front\n    password: hunter2\n"), 3);
  EXPECT_EQ(line_of_plain_secret("- {id: a, user: u, password: \"x\"}"), 1);
  EXPECT_EQ(line_of_plain_secret("\"password\": \"x\""), 1) << "JSON is YAML";
  EXPECT_EQ(line_of_plain_secret("a: 1\ntoken: '42'"), 2);
  EXPECT_EQ(line_of_plain_secret("url: rtsp://viewer:secret@cam/sub"), 1);
  EXPECT_EQ(line_of_plain_secret("headers: [\"Authorization: Bearer abc\"]"), 1);
}

TEST(PlainSecrets, ReferencesAndOthersAreNone) {
  for (const auto* text :
       {"", "password: \"${credential:front}\"", "password: ${file:/etc/x}", "password: \"\"", "password:",
        "# password: hunter2", "a: b # password: x", "url: rtsp://cam/sub", "url: rtsp://viewer@cam/sub",
        "url: \"rtsp://viewer:${ENV:P}@cam/sub\"", "headers: [\"Authorization: Bearer ${file:/x}\"]",
        "password_hint: none", "listen: \"127.0.0.1:8000\""})
    EXPECT_EQ(line_of_plain_secret(text), std::nullopt) << text;
}

}  // namespace
}  // namespace porchlight::maintain
