// SPDX-License-Identifier: Apache-2.0
#include "api/totp.hpp"

#include "api/account_client.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::Client;
using test::Reply;

// RFC 6238, appendix B: the SHA-1 rows, the last six of their eight digits.
TEST(Totp, AgreesWithTheVectorsOfRfc6238) {
  const std::string seed = "12345678901234567890";
  for (const auto& [second, code] :
       std::vector<std::pair<std::int64_t, std::string>>{{59, "287082"},
                                                         {1'111'111'109, "081804"},
                                                         {1'111'111'111, "050471"},
                                                         {1'234'567'890, "005924"},
                                                         {2'000'000'000, "279037"},
                                                         {20'000'000'000, "353130"}})
    EXPECT_EQ(totp_code(seed, second / 30), code) << second;
  EXPECT_EQ(totp_step(WallTime{59s}), 1);
  EXPECT_EQ(totp_step(WallTime{60s}), 2);
}

TEST(Totp, TakesOneStepOfClockDifferenceAndNoStepTwice) {
  const std::string seed = "12345678901234567890";
  const WallTime now{1'234'567'890s};
  const auto step = totp_step(now);
  for (const auto off : {-1, 0, 1})
    EXPECT_EQ(totp_match(seed, totp_code(seed, step + off), now, 0), step + off);
  for (const auto off : {-2, 2})
    EXPECT_EQ(totp_match(seed, totp_code(seed, step + off), now, 0), std::nullopt);
  EXPECT_EQ(totp_match(seed, totp_code(seed, step), now, step), std::nullopt);
  EXPECT_EQ(totp_match(seed, totp_code(seed, step - 1), now, step), std::nullopt);
  EXPECT_EQ(totp_match(seed, totp_code(seed, step + 1), now, step), step + 1);
  for (const auto* code : {"", "05924", "0005924", "abcdef"})
    EXPECT_EQ(totp_match(seed, code, now, 0), std::nullopt);
}

// RFC 4648 §10.
TEST(Base32, AgreesWithTheVectorsOfRfc4648) {
  EXPECT_EQ(base32(""), "");
  EXPECT_EQ(base32("f"), "MY");
  EXPECT_EQ(base32("fo"), "MZXQ");
  EXPECT_EQ(base32("foo"), "MZXW6");
  EXPECT_EQ(base32("foob"), "MZXW6YQ");
  EXPECT_EQ(base32("fooba"), "MZXW6YTB");
  EXPECT_EQ(base32("foobar"), "MZXW6YTBOI");
}

class SecondFactorTest : public test::AccountsTest {
 protected:
  // What an authenticator makes of the secret.
  static std::string seed_of(const std::string& secret) {
    std::string seed;
    unsigned held = 0;
    int bits = 0;
    for (const char c : secret) {
      held = held << 5 | static_cast<unsigned>(c >= 'A' ? c - 'A' : c - '2' + 26);
      bits += 5;
      if (bits >= 8) seed += static_cast<char>(held >> (bits -= 8) & 255U);
    }
    return seed;
  }
  std::string code_now() { return totp_code(seed_, totp_step(clock.wall())); }
  void enrol() {
    client_ = login("user");
    const auto reply = ask("POST", "/api/v1/auth/totp", client_);
    ASSERT_EQ(reply.status, 201) << reply.body;
    const auto body = json::parse(reply.body);
    seed_ = seed_of(body["secret"]);
    ASSERT_EQ(body["secret"], base32(seed_));
    EXPECT_THAT(body["uri"].get<std::string>(),
                testing::StartsWith("otpauth://totp/Porchlight:user?secret="));
  }
  void activate() {
    enrol();
    const auto reply = ask("POST", "/api/v1/auth/totp/confirm", client_, json{{"totp", code_now()}});
    ASSERT_EQ(reply.status, 200) << reply.body;
    recovery_ = json::parse(reply.body)["recovery_codes"].get<std::vector<std::string>>();
    clock.advance(30s);
  }
  Reply log_in(const json& factor) {
    json body{{"name", "user"}, {"password", password_of("user")}};
    body.update(factor);
    return ask("POST", "/api/v1/auth/login", {}, body);
  }
  Client client_;
  std::string seed_;
  std::vector<std::string> recovery_;
};

TEST_F(SecondFactorTest, CountsOnlyOnceConfirmed) {
  enrol();
  EXPECT_EQ(log_in(json::object()).status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/auth/totp/confirm", client_, json{{"totp", "000000"}}).status, 403);
  EXPECT_EQ(log_in(json::object()).status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/auth/totp/confirm", client_, json{{"totp", code_now()}}).status, 200);
  const auto reply = log_in(json::object());
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(type_of(reply), "urn:porchlight:problem:second-factor");
  EXPECT_EQ(reply.headers.count("set-cookie"), 0U);
}

TEST_F(SecondFactorTest, CodeLogsInOnceAndOnlyWithThePassword) {
  activate();
  EXPECT_EQ(ask("POST", "/api/v1/auth/login", {},
                json{{"name", "user"}, {"password", "not the right one"}, {"totp", code_now()}})
                .status,
            401);
  const auto code = code_now();
  EXPECT_EQ(log_in({{"totp", code}}).status, 200);
  EXPECT_EQ(log_in({{"totp", code}}).status, 401);  // replayed
  clock.advance(30s);
  EXPECT_EQ(log_in({{"totp", code_now()}}).status, 200);
  clock.advance(90s);
  EXPECT_EQ(log_in({{"totp", code}}).status, 401);
}

TEST_F(SecondFactorTest, TheConfirmingCodeIsSpent) {
  enrol();
  const auto code = code_now();
  EXPECT_EQ(ask("POST", "/api/v1/auth/totp/confirm", client_, json{{"totp", code}}).status, 200);
  EXPECT_EQ(log_in({{"totp", code}}).status, 401);
}

TEST_F(SecondFactorTest, GuessingCodesLocksTheAccount) {
  activate();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(log_in({{"totp", "00000" + std::to_string(i)}}).status, 401);
  EXPECT_EQ(log_in({{"totp", code_now()}}).status, 429);
}

TEST_F(SecondFactorTest, AskingForTheFactorForgivesNoFailure) {
  activate();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(log_in({{"totp", "00000" + std::to_string(i)}}).status, 401);
    EXPECT_EQ(type_of(log_in(json::object())), "urn:porchlight:problem:second-factor");
  }
  EXPECT_EQ(log_in({{"totp", "000009"}}).status, 401);
  EXPECT_EQ(log_in({{"totp", code_now()}}).status, 429);
}

TEST_F(SecondFactorTest, RecoveryCodeWorksOnce) {
  activate();
  ASSERT_EQ(recovery_.size(), 10U);
  EXPECT_EQ(log_in({{"recovery_code", recovery_[3]}}).status, 200);
  EXPECT_EQ(log_in({{"recovery_code", recovery_[3]}}).status, 401);
  EXPECT_EQ(log_in({{"recovery_code", "AAAA-AAAA-AAAA-AAAA-AAAA"}}).status, 401);
  EXPECT_EQ(log_in({{"recovery_code", recovery_[4]}}).status, 200);
}

TEST_F(SecondFactorTest, IsDisabledByACodeOnly) {
  activate();
  EXPECT_EQ(ask("POST", "/api/v1/auth/totp", client_).status, 409);  // a stolen session replaces nothing
  EXPECT_EQ(ask("POST", "/api/v1/auth/totp/disable", client_, json{{"totp", "000000"}}).status, 403);
  EXPECT_EQ(type_of(log_in(json::object())), "urn:porchlight:problem:second-factor");
  EXPECT_EQ(ask("POST", "/api/v1/auth/totp/disable", client_, json{{"totp", code_now()}}).status, 204);
  EXPECT_EQ(log_in(json::object()).status, 200);
  EXPECT_EQ(log_in({{"recovery_code", recovery_[0]}}).status, 200);  // not asked for, not looked at
}

}  // namespace
}  // namespace porchlight::api
