// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/accounts_key.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "store/fixture.hpp"

namespace porchlight::store {
namespace {

using testing::HasSubstr;

AccountsKey load_or_die(const std::filesystem::path& folder) {
  auto key = AccountsKey::load(folder);
  EXPECT_TRUE(key.ok()) << key.error().text();
  return std::move(*key);
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(AccountsKey, IsMadeOnceForItsOwnerAlone) {
  Folder folder;
  const auto before = ::umask(0);
  const auto made = load_or_die(folder.path());
  ::umask(before);
  struct stat info {};
  ASSERT_EQ(::stat((folder / "accounts.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  EXPECT_THAT(text_of(folder / "accounts.key"), testing::MatchesRegex("[0-9a-f]+\n"));
  EXPECT_EQ(load_or_die(folder.path()).derived("x"), made.derived("x"));
  EXPECT_NE(made.derived("x"), made.derived("y"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  Folder other;
  EXPECT_NE(load_or_die(other.path()).derived("x"), made.derived("x"));
}

TEST(AccountsKey, SealsForOneContextAndSeesEveryChangedBit) {
  Folder folder;
  const auto key = load_or_die(folder.path());
  const auto sealed = key.sealed("the seed in clear", "totp 1");
  EXPECT_EQ(sealed.find("seed"), std::string::npos);
  EXPECT_NE(sealed, key.sealed("the seed in clear", "totp 1"));
  EXPECT_EQ(key.opened(sealed, "totp 1"), "the seed in clear");
  EXPECT_EQ(key.opened(sealed, "totp 2"), std::nullopt);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(key.opened(changed, "totp 1"), std::nullopt) << i;
    EXPECT_EQ(key.opened(sealed.substr(0, i), "totp 1"), std::nullopt) << i;
  }
  Folder other;
  EXPECT_EQ(load_or_die(other.path()).opened(sealed, "totp 1"), std::nullopt);
}

TEST(AccountsKey, RefusesAFileThatOthersMayRead) {
  Folder folder;
  load_or_die(folder.path());
  ::chmod((folder / "accounts.key").c_str(), 0640);
  const auto key = AccountsKey::load(folder.path());
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().code(), ErrorCode::permission_denied);
  EXPECT_THAT(key.error().text(), HasSubstr("chmod 600"));
}

TEST(AccountsKey, RefusesWhatIsNoKeyAndOverwritesNothing) {
  for (const auto* content :
       {"", "\n", "0123", "zz", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg"}) {
    Folder folder;
    std::ofstream(folder / "accounts.key") << content;
    ::chmod((folder / "accounts.key").c_str(), 0600);
    const auto key = AccountsKey::load(folder.path());
    ASSERT_FALSE(key.ok()) << content;
    EXPECT_EQ(key.error().code(), ErrorCode::corrupt) << content;
    EXPECT_EQ(text_of(folder / "accounts.key"), content);
  }
}

TEST(AccountsKey, TakesTheCredentialOfTheServiceFirst) {
  Folder folder, credentials;
  const std::string text(64, 'a');
  std::ofstream(credentials / "accounts.key") << text << '\n';
  ::setenv("CREDENTIALS_DIRECTORY", credentials.path().c_str(), 1);
  const auto given = load_or_die(folder.path());
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_FALSE(std::filesystem::exists(folder / "accounts.key"));
  EXPECT_NE(given.derived("x"), load_or_die(folder.path()).derived("x"));
}

}  // namespace
}  // namespace porchlight::store
