// SPDX-License-Identifier: Apache-2.0
// What a request of HTTP Live Streaming is answered.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "porchlight/http/message.hpp"
#include "porchlight/live/hls.hpp"

namespace porchlight::api {

http::Response hls_refusal(const http::Request& request, const live::HlsAnswer& answer);
http::Response hls_playlist(std::string text);
// The whole of it, or the one range that is asked for (RFC 9110 §14); several are answered by the whole. By
// reference; `hold` is let go when it is out, or the client has left, or `viewer` may not watch any more.
http::Response hls_media(const http::Request& request, const live::HlsName& name, http::SharedSlices media,
                         std::shared_ptr<const void> hold, std::shared_ptr<const live::HlsViewer> viewer);

}  // namespace porchlight::api
