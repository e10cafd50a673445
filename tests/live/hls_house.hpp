// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "live/hls_window.hpp"

namespace porchlight::live::test {

// Pictures of a stream that nobody has to decode: of eight bytes each, behind two of the frame.
struct Film {
  Time step{std::chrono::milliseconds{40}};
  std::size_t group = 50;  // pictures
  std::uint64_t count = 0;
  Head head{1, "", std::make_shared<const std::string>("..head one"), 2};

  Fragment next() {
    const auto name = std::to_string(10'000'000 + count);
    Fragment picture{std::make_shared<const std::string>(".." + name),
                     count % group == 0,
                     MonotonicTime{at},
                     2,
                     at,
                     WallTime{std::chrono::hours{24 * 365}}};
    picture.wall += std::chrono::duration_cast<WallTime::duration>(at);
    ++count;
    at += step;
    return picture;
  }
  Time at{std::chrono::seconds{1}};
};

}  // namespace porchlight::live::test
