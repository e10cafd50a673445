// SPDX-License-Identifier: Apache-2.0
#include "camera/yuyv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace porchlight::camera {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Yuyv, BecomesPlanesWithTheMeanOfTwoRowsOfColour) {
  // Two rows of four pixels, with two bytes of nothing behind each.
  const Bytes in{1, 100, 2, 200, 3, 110, 4, 210, 0, 0,  //
                 5, 102, 6, 203, 7, 110, 8, 200, 0, 0};
  Bytes out(i420_size(4, 2));
  ASSERT_EQ(out.size(), 12U);
  yuyv_to_i420(in.data(), 10, 4, 2, out.data());
  EXPECT_EQ(out, (Bytes{1, 2, 3, 4, 5, 6, 7, 8, 101, 110, 202, 205}));
}

TEST(Yuyv, LastRowOfAnOddHeightHasItsOwnColour) {
  const Bytes in{1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60};
  Bytes out(i420_size(2, 3));
  ASSERT_EQ(out.size(), 10U);
  yuyv_to_i420(in.data(), 4, 2, 3, out.data());
  EXPECT_EQ(out, (Bytes{1, 2, 3, 4, 5, 6, 20, 50, 30, 60}));
}

}  // namespace
}  // namespace porchlight::camera
