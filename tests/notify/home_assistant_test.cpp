// SPDX-License-Identifier: Apache-2.0
#include "notify/home_assistant.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace porchlight::notify {
namespace {

HouseFacts house(std::optional<bool> recording) {
  HouseFacts facts;
  facts.cameras = {{"porch", "The porch", true, {}, recording}};
  return facts;
}

std::string config_of(const HouseFacts& facts, const std::string& entity) {
  const auto all = discovery_of(facts, MqttOptions{});
  const auto found = all.find("homeassistant/" + entity + "/config");
  return found == all.end() ? std::string() : found->second;
}

TEST(HomeAssistant, RecordingIsAnEntityOfCamerasThatAreRecorded) {
  for (const bool now : {false, true}) {
    const auto config =
        nlohmann::json::parse(config_of(house(now), "binary_sensor/porchlight/porch_recording"));
    EXPECT_EQ(config.at("state_topic"), "porchlight/porch/recording");
    EXPECT_EQ(config.at("name"), "Recording");
    EXPECT_EQ(config.at("unique_id"), "porchlight_porchlight_porch_recording");
    EXPECT_EQ(config.at("device").at("name"), "The porch");
    EXPECT_FALSE(config.contains("payload_on")) << "ON and OFF are Home Assistant's own";
  }
  EXPECT_EQ(config_of(house(std::nullopt), "binary_sensor/porchlight/porch_recording"), "");
  EXPECT_NE(config_of(house(std::nullopt), "binary_sensor/porchlight/porch_connectivity"), "");
}

}  // namespace
}  // namespace porchlight::notify
