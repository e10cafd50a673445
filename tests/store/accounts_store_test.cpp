// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/accounts_store.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "porchlight/store/accounts_key.hpp"
#include "store/fixture.hpp"

namespace porchlight::store {
namespace {

std::string hash_like(char c) {
  return std::string(64, c);
}

class Accounts : public testing::Test {
 protected:
  static User user(const std::string& name, Role role = Role::admin) {
    User made;
    made.name = name;
    made.role = role;
    made.password = "$argon2id$of " + name;
    made.created = at_second(0);
    return made;
  }
  static Invitation invitation(char code, bool first_run = false) {
    Invitation made;
    made.code_hash = hash_like(code);
    made.role = Role::viewer;
    made.cameras = {false, {"front", "yard"}};
    made.first_run = first_run;
    made.expires = at_second(100);
    return made;
  }
  Session session(std::int64_t user_id, char hash, int second = 0) {
    Session made;
    made.user_id = user_id;
    made.token_hash = hash_like(hash);
    made.created = made.seen = at_second(second);
    return made;
  }
  std::vector<std::string> session_hashes() {
    std::vector<std::string> hashes;
    const auto rows = accounts.sessions();
    for (const auto& row : *rows) hashes.push_back(row.token_hash.substr(0, 1));
    return hashes;
  }
  Folder folder;
  std::unique_ptr<Database> database = open_or_fail(folder / "porchlight.db");
  AccountsStore accounts{*database};
};

TEST_F(Accounts, ComeBackAsTheyWereAdded) {
  auto wanted = user("anna", Role::viewer);
  wanted.cameras = {false, {"yard", "front"}};
  const auto id = accounts.add(wanted);
  ASSERT_TRUE(id.ok());
  database = open_or_fail(folder / "porchlight.db");
  AccountsStore again(*database);
  const auto found = again.find("anna");
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ((*found)->id, *id);
  EXPECT_EQ((*found)->role, Role::viewer);
  EXPECT_EQ((*found)->cameras.ids, wanted.cameras.ids);
  EXPECT_FALSE((*found)->cameras.all);
  EXPECT_TRUE((*found)->cameras.allows("yard"));
  EXPECT_FALSE((*found)->cameras.allows("attic"));
  EXPECT_EQ((*found)->password, wanted.password);
  EXPECT_EQ((*found)->created, wanted.created);
  EXPECT_EQ((*again.find(*id))->name, "anna");
  EXPECT_FALSE(*again.find("bert"));
}

TEST_F(Accounts, NamesAreTakenOnceAndNumbersNever) {
  ASSERT_TRUE(accounts.add(user("admin")).ok());
  const auto first = *accounts.add(user("anna"));
  EXPECT_EQ(accounts.add(user("anna")).error().code(), ErrorCode::already_exists);
  ASSERT_TRUE(accounts.remove(first));
  EXPECT_GT(*accounts.add(user("anna")), first);
}

TEST_F(Accounts, NamesAreLowerCaseAndPlain) {
  EXPECT_EQ(account_name("Anna.B-2_x"), "anna.b-2_x");
  for (const auto* bad : {"", ".anna", "-x", "a b", "a\n", "a/b", "é"})
    EXPECT_EQ(account_name(bad), std::nullopt) << bad;
  EXPECT_EQ(account_name(std::string(64, 'a')), std::string(64, 'a'));
  EXPECT_EQ(account_name(std::string(65, 'a')), std::nullopt);
  EXPECT_EQ(account_name(std::string_view("a\0b", 3)), std::nullopt);
}

TEST_F(Accounts, LastEnabledAdministratorStays) {
  auto admin = user("admin");
  admin.id = *accounts.add(admin);
  auto other = user("other");
  other.id = *accounts.add(other);
  other.disabled = true;
  ASSERT_TRUE(accounts.change(other));
  auto lesser = admin;
  lesser.role = Role::user;
  EXPECT_EQ(accounts.change(lesser).error().code(), ErrorCode::unsupported);
  EXPECT_EQ(accounts.remove(admin.id).error().code(), ErrorCode::unsupported);
  EXPECT_EQ((*accounts.find("admin"))->role, Role::admin);
  other.disabled = false;
  ASSERT_TRUE(accounts.change(other));
  EXPECT_TRUE(accounts.change(lesser));
}

TEST_F(Accounts, InvitationIsUsedUpByTheAccountAndByNothingElse) {
  ASSERT_TRUE(accounts.add(user("taken")).ok());
  ASSERT_TRUE(accounts.invite(invitation('a'), at_second(0)));
  EXPECT_EQ(accounts.redeem(hash_like('b'), user("anna"), at_second(1)).error().code(), ErrorCode::not_found);
  EXPECT_EQ(accounts.redeem(hash_like('a'), user("taken"), at_second(1)).error().code(),
            ErrorCode::already_exists);
  const auto id = accounts.redeem(hash_like('a'), user("anna"), at_second(1));
  ASSERT_TRUE(id.ok());
  const auto made = *accounts.find(*id);
  EXPECT_EQ(made->role, Role::viewer);  // the invitation's, not what was asked for
  EXPECT_EQ(made->cameras.ids, (std::set<std::string>{"front", "yard"}));
  EXPECT_EQ(accounts.redeem(hash_like('a'), user("bert"), at_second(1)).error().code(), ErrorCode::not_found);
}

TEST_F(Accounts, InvitationIsForItsNameAndItsTime) {
  auto named = invitation('a');
  named.name = "anna";
  ASSERT_TRUE(accounts.invite(named, at_second(0)));
  EXPECT_FALSE(accounts.redeem(hash_like('a'), user("bert"), at_second(1)).ok());
  EXPECT_TRUE(*accounts.invitation(hash_like('a'), at_second(99)));
  EXPECT_FALSE(*accounts.invitation(hash_like('a'), at_second(100)));
  EXPECT_FALSE(accounts.redeem(hash_like('a'), user("anna"), at_second(100)).ok());
  EXPECT_TRUE(accounts.redeem(hash_like('a'), user("anna"), at_second(99)).ok());
}

TEST_F(Accounts, FirstRunCodeReplacesTheOneBeforeAndNeedsAnEmptyHouse) {
  ASSERT_TRUE(accounts.invite(invitation('a', true), at_second(0)));
  ASSERT_TRUE(accounts.invite(invitation('b', true), at_second(0)));
  EXPECT_FALSE(*accounts.invitation(hash_like('a'), at_second(1)));
  EXPECT_TRUE(*accounts.invitation(hash_like('b'), at_second(1)));
  ASSERT_TRUE(accounts.add(user("anna")).ok());
  EXPECT_FALSE(*accounts.invitation(hash_like('b'), at_second(1)));
  EXPECT_FALSE(accounts.redeem(hash_like('b'), user("bert"), at_second(1)).ok());
}

TEST_F(Accounts, NewPasswordEndsOtherSessionsAndApiTokens) {
  const auto anna = *accounts.add(user("anna"));
  const auto bert = *accounts.add(user("bert"));
  const auto keep = *accounts.begin_session(session(anna, 'a'), 10);
  ASSERT_TRUE(accounts.begin_session(session(anna, 'b'), 10).ok());
  ASSERT_TRUE(accounts.begin_session(session(bert, 'c'), 10).ok());
  Token api{.id = std::string(32, '1'), .user_id = anna, .name = "script", .scopes = "view"};
  api.expires = at_second(50);
  Token scrape{.id = std::string(32, '2'), .kind = TokenKind::scrape, .user_id = anna, .name = "prometheus"};
  scrape.secret_hash = hash_like('f');
  ASSERT_TRUE(accounts.add_token(api));
  ASSERT_TRUE(accounts.add_token(scrape));
  ASSERT_TRUE(accounts.set_password(anna, "$argon2id$new", keep));
  EXPECT_THAT(session_hashes(), testing::ElementsAre("a", "c"));
  const auto tokens = *accounts.tokens();
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(tokens[0].kind, TokenKind::scrape);
  EXPECT_EQ(tokens[0].secret_hash, scrape.secret_hash);
  EXPECT_EQ(tokens[0].expires, std::nullopt);
  EXPECT_EQ((*accounts.find(anna))->password, "$argon2id$new");
  EXPECT_EQ(accounts.set_password(99, "x", 0).error().code(), ErrorCode::not_found);
}

TEST_F(Accounts, DisablingEndsSessionsAndRemovingTakesEverythingAlong) {
  ASSERT_TRUE(accounts.add(user("admin")).ok());
  auto anna = user("anna", Role::user);
  anna.id = *accounts.add(anna);
  ASSERT_TRUE(accounts.begin_session(session(anna.id, 'a'), 10).ok());
  anna.disabled = true;
  ASSERT_TRUE(accounts.change(anna));
  EXPECT_THAT(session_hashes(), testing::IsEmpty());
  Token api{.id = std::string(32, '1'), .user_id = anna.id, .name = "script"};
  api.expires = at_second(50);
  ASSERT_TRUE(accounts.add_token(api));
  ASSERT_TRUE(accounts.remove(anna.id));
  EXPECT_TRUE(accounts.tokens()->empty());
  EXPECT_EQ(accounts.remove(anna.id).error().code(), ErrorCode::not_found);
}

TEST_F(Accounts, SessionsEndByAgeByIdlenessAndByNumber) {
  const auto anna = *accounts.add(user("anna"));
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(accounts.begin_session(session(anna, static_cast<char>('a' + i), i), 3).ok());
  EXPECT_THAT(session_hashes(), testing::ElementsAre("b", "c", "d"));
  auto touched = accounts.sessions()->at(0);
  touched.seen = at_second(50);
  ASSERT_TRUE(accounts.touch_sessions(std::vector{touched}));
  ASSERT_TRUE(accounts.end_sessions_before(at_second(0), at_second(2)));  // idle since then: c
  EXPECT_THAT(session_hashes(), testing::ElementsAre("b", "d"));
  ASSERT_TRUE(accounts.end_sessions_before(at_second(1), at_second(0)));  // made by then: b
  EXPECT_THAT(session_hashes(), testing::ElementsAre("d"));
  ASSERT_TRUE(accounts.end_session(accounts.sessions()->at(0).id));
  EXPECT_THAT(session_hashes(), testing::IsEmpty());
}

TEST_F(Accounts, SecondFactorIsSealedForItsAccountAndSpendsItsSteps) {
  auto key = AccountsKey::load(folder.path());
  const auto anna = *accounts.add(user("anna"));
  const auto bert = *accounts.add(user("bert"));
  const std::string seed = "a seed of 20 bytes..";
  ASSERT_TRUE(accounts.enrol_totp(anna, seed, *key));
  EXPECT_FALSE((*accounts.find(anna))->totp);
  EXPECT_EQ((*accounts.totp(anna, *key))->seed, seed);
  EXPECT_FALSE(*accounts.totp(bert, *key));
  ASSERT_TRUE(accounts.activate_totp(anna, 7, std::vector{hash_like('a'), hash_like('b')}));
  EXPECT_TRUE((*accounts.find(anna))->totp);
  EXPECT_EQ((*accounts.totp(anna, *key))->last_step, 7);
  EXPECT_EQ(accounts.enrol_totp(anna, "another", *key).error().code(), ErrorCode::already_exists);
  EXPECT_FALSE(*accounts.use_totp_step(anna, 7));
  EXPECT_TRUE(*accounts.use_totp_step(anna, 9));
  EXPECT_FALSE(*accounts.use_totp_step(anna, 8));
  EXPECT_TRUE(*accounts.use_recovery_code(anna, hash_like('a')));
  EXPECT_FALSE(*accounts.use_recovery_code(anna, hash_like('a')));
  EXPECT_FALSE(*accounts.use_recovery_code(bert, hash_like('b')));
  Folder other;
  EXPECT_EQ(accounts.totp(anna, *AccountsKey::load(other.path())).error().code(), ErrorCode::corrupt);
  ASSERT_TRUE(accounts.remove_totp(anna));
  EXPECT_FALSE(*accounts.totp(anna, *key));
  EXPECT_FALSE(*accounts.use_recovery_code(anna, hash_like('b')));
}

TEST_F(Accounts, FilesHoldNoSeedInClear) {
  const std::string seed = "CANARY-SEED-20-BYTES";
  const auto holds = [&](const std::string& needle) {
    for (const auto* name : {"porchlight.db", "porchlight.db-wal"}) {
      std::ifstream in(folder / name, std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      if (bytes.find(needle) != std::string::npos) return true;
    }
    return false;
  };
  auto key = AccountsKey::load(folder.path());
  const auto anna = *accounts.add(user("anna-is-in-clear"));
  ASSERT_TRUE(accounts.enrol_totp(anna, seed, *key));
  EXPECT_TRUE(holds("anna-is-in-clear"));  // the search finds what is there
  EXPECT_FALSE(holds(seed));
}

TEST_F(Accounts, DatabaseRefusesWhatMakesNoSense) {
  const auto anna = *accounts.add(user("anna"));
  EXPECT_FALSE(accounts.begin_session(session(99, 'a'), 10).ok());
  auto odd = session(anna, 'a');
  odd.token_hash = "in clear";
  EXPECT_FALSE(accounts.begin_session(odd, 10).ok());
  Token endless{.id = std::string(32, '1'), .user_id = anna, .name = "api tokens end"};
  EXPECT_FALSE(accounts.add_token(endless));
}

}  // namespace
}  // namespace porchlight::store
