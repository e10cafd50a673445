// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/password.hpp"

#include <gmock/gmock.h>

#include "api/digest.hpp"
#include "porchlight/api/account_code.hpp"

namespace porchlight::api {
namespace {

TEST(Password, HashIsArgon2idWithASaltOfItsOwn) {
  PasswordHasher hasher({1, 8192});
  const auto first = *hasher.hash("a good long phrase");
  EXPECT_THAT(first, testing::StartsWith("$argon2id$v=19$m=8,t=1,p=1$"));
  EXPECT_NE(first, *hasher.hash("a good long phrase"));
  EXPECT_TRUE(hasher.is_right(first, "a good long phrase"));
  EXPECT_FALSE(hasher.is_right(first, "a good long phrasE"));
  EXPECT_FALSE(hasher.is_right(first, ""));
  EXPECT_FALSE(hasher.is_right("not a hash", "a good long phrase"));
}

TEST(Password, DefaultTakes64MiBAndThreePasses) {
  PasswordHasher hasher(PasswordCost{});
  EXPECT_THAT(*hasher.hash("a good long phrase"), testing::HasSubstr("$m=65536,t=3,p=1$"));
}

TEST(Password, NobodyIsAsMuchWorkAsSomebodyAndNeverRight) {
  PasswordHasher hasher({1, 8192});
  const auto somebody = *hasher.hash("a good long phrase");
  const auto before = hasher.calls();
  EXPECT_FALSE(hasher.is_right("", "a good long phrase"));
  EXPECT_EQ(hasher.calls() - before, 1U);
  EXPECT_FALSE(hasher.is_right("", ""));
  EXPECT_TRUE(hasher.is_right(somebody, "a good long phrase"));
  EXPECT_EQ(hasher.calls() - before, 3U);
}

TEST(Password, OutdatedParametersAreSeen) {
  PasswordHasher old_one({1, 8192}), new_one({1, 16384});
  const auto hash = *old_one.hash("a good long phrase");
  EXPECT_FALSE(old_one.is_outdated(hash));
  EXPECT_TRUE(new_one.is_outdated(hash));
  EXPECT_TRUE(new_one.is_right(hash, "a good long phrase"));
}

TEST(PasswordPolicy, AsksForLengthAndNothingCommon) {
  EXPECT_TRUE(check_password("just ten c", "anna"));
  EXPECT_TRUE(check_password("ääääääääöö", "anna"));  // characters, not bytes
  EXPECT_FALSE(check_password("ääääääääö", "anna"));
  EXPECT_FALSE(check_password("nine char", "anna"));
  EXPECT_FALSE(check_password(std::string(1025, 'x') + "y", "anna"));
  EXPECT_FALSE(check_password("PassWord123", "anna"));
  EXPECT_FALSE(check_password("zzzzzzzzzzzz", "anna"));
  EXPECT_FALSE(check_password("annaannaanna", "anna"));
  EXPECT_FALSE(check_password("johannes-123", "johannes-1"));
  EXPECT_TRUE(check_password("anna likes the garden", "anna"));
}

TEST(Codes, AreReadHoweverTheyAreTyped) {
  const auto code = new_account_code();
  EXPECT_THAT(code.text,
              testing::MatchesRegex("[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}"));
  EXPECT_NE(code.text, new_account_code().text);
  EXPECT_EQ(code.hash.find(code.text.substr(0, 4)), std::string::npos);
  std::string typed;
  for (const char c : code.text) typed += c == '-' ? ' ' : static_cast<char>(std::tolower(c));
  EXPECT_EQ(hash_of_code(typed), code.hash);
  EXPECT_EQ(hash_of_code(code.text), code.hash);
  EXPECT_NE(hash_of_code(code.text + "A"), code.hash);
}

TEST(Digest, ComparesInFull) {
  EXPECT_TRUE(same("abc", "abc"));
  EXPECT_FALSE(same("abc", "abd"));
  EXPECT_FALSE(same("abc", "ab"));
  EXPECT_TRUE(same("", ""));
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(from_base64url("_-8"), std::string("\xff\xef"));
  EXPECT_EQ(from_base64url("a+b/"), std::nullopt);
  EXPECT_EQ(from_base64url("abc="), std::nullopt);
  for (int byte = 0x80; byte < 0x100; ++byte)
    EXPECT_EQ(from_base64url(std::string("ab") + static_cast<char>(byte) + "d"), std::nullopt) << byte;
}

}  // namespace
}  // namespace porchlight::api
