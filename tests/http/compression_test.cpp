// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/compression.hpp"

#include <gtest/gtest.h>

#include "http/gunzip.hpp"

namespace porchlight::http {
namespace {

TEST(Compression, FollowsAcceptEncoding) {
  for (const auto* yes : {"gzip", "GZIP", "deflate, gzip", "gzip;q=0.5", "*", "br;q=1.0, gzip ; q=0.001",
                          "x-gzip", "identity;q=0, *;q=0.1"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const auto* no :
       {"", "identity", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "br", "gzipped"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

TEST(Compression, PacksWhatUnpacksAgain) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{300'000}}) {
    std::string text;
    while (text.size() < size) text += "metric_" + std::to_string(text.size() * 7919) + " 1\n";
    const auto packed = gzip(text);
    ASSERT_GE(packed.size(), 18U);
    EXPECT_EQ(test::gunzip(packed), text);
    if (size > 1000) {
      EXPECT_LT(packed.size(), text.size());
    }
  }
}

}  // namespace
}  // namespace porchlight::http
