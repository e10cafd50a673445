// SPDX-License-Identifier: Apache-2.0
// What clients are told; docs/live.md has the protocol.
#pragma once

#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/http/body.hpp"
#include "porchlight/live/feed.hpp"

namespace porchlight::live {

std::string hello(const Feed& feed, std::string_view version);
std::string waiting(std::string_view state);
std::string unsupported(std::string_view codec);
std::string begins(std::string_view type, int width, int height);

http::SharedFrame head_frame(std::string_view head);
// `arrived`: when the picture did; later than 1970.
http::SharedFrame media_frame(WallTime arrived, std::string_view fragment);

}  // namespace porchlight::live
