// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "porchlight/config/document.hpp"

namespace porchlight::config {
namespace {

const std::vector<std::string> schemes = {"rtsp", "rtsps", "file", "v4l2", "exec"};

TEST(Suggestion, FindsSlipsOfThePen) {
  EXPECT_EQ(suggestion("rstp", schemes), "rtsp");
  EXPECT_EQ(suggestion("fil", schemes), "file");
  EXPECT_EQ(suggestion("RTSP", schemes), "rtsp");
  EXPECT_EQ(suggestion("exce", schemes), "exec");
}

TEST(Suggestion, StaysSilentOnOtherWords) {
  EXPECT_EQ(suggestion("http", schemes), std::nullopt);
  EXPECT_EQ(suggestion("", schemes), std::nullopt);
  EXPECT_EQ(suggestion("c", {"a", "b"}), std::nullopt);
  EXPECT_EQ(suggestion(std::string(100'000, 'r'), schemes), std::nullopt);
  EXPECT_EQ(suggestion("rtsp", {}), std::nullopt);
}

}  // namespace
}  // namespace porchlight::config
