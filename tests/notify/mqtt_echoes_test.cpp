// SPDX-License-Identifier: Apache-2.0
#include "notify/mqtt_echoes.hpp"

#include <gmock/gmock.h>

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct MqttEchoesTest : testing::Test {
  MqttEchoes echoes;
  MonotonicTime now{};
  std::vector<std::string> silent_after(std::chrono::seconds time) {
    now += time;
    return echoes.silent(now);
  }
  MqttEchoesTest() {
    echoes.subscribed("home/+/person");
    echoes.subscribed("house/wall");
  }
};

TEST_F(MqttEchoesTest, WhatWasTakenAndDoesNotComeBackIsToldOnceAfterAWhile) {
  echoes.taken("home/porch/person");
  EXPECT_THAT(silent_after(0s), IsEmpty());
  EXPECT_THAT(silent_after(10s), IsEmpty()) << "a slow broker";
  EXPECT_THAT(silent_after(1s), ElementsAre("home/+/person"));
  EXPECT_THAT(silent_after(60s), IsEmpty());
}

TEST_F(MqttEchoesTest, WhereNothingWasSaidNothingIsMissed) {
  EXPECT_THAT(silent_after(0s), IsEmpty());
  EXPECT_THAT(silent_after(60s), IsEmpty());
}

TEST_F(MqttEchoesTest, OneMessageProvesItWhetherBeforeOrAfterTheAcknowledgement) {
  echoes.heard("home/yard/person");
  echoes.taken("home/porch/person");
  echoes.taken("house/wall");
  EXPECT_THAT(silent_after(0s), IsEmpty());
  echoes.heard("house/wall");
  EXPECT_THAT(silent_after(60s), IsEmpty());
  EXPECT_FALSE(echoes.expects("house/wall"));
}

// A subscription is repeated at each forget.
TEST_F(MqttEchoesTest, WhatIsDueStaysDueWhenItIsSubscribedToAgain) {
  echoes.taken("house/wall");
  echoes.subscribed("house/wall");
  EXPECT_THAT(silent_after(0s), IsEmpty());
  echoes.subscribed("house/wall");
  EXPECT_THAT(silent_after(11s), ElementsAre("house/wall"));
}

TEST_F(MqttEchoesTest, OnlyWhatIsReadIsExpected) {
  EXPECT_TRUE(echoes.expects("home/porch/person"));
  EXPECT_FALSE(echoes.expects("home/porch/rings"));
  echoes.refused("home/+/person");
  EXPECT_FALSE(echoes.expects("home/porch/person"));
}

}  // namespace
}  // namespace porchlight::notify
