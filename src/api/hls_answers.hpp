// SPDX-License-Identifier: Apache-2.0
// What a request of HTTP Live Streaming is answered.
#pragma once

#include <string>
#include <string_view>

#include "porchlight/http/message.hpp"
#include "porchlight/live/hls.hpp"

namespace porchlight::api {

http::Response hls_refusal(const http::Request& request, const live::HlsAnswer& answer);
http::Response hls_playlist(std::string text);
// The whole of it, or the one range that is asked for (RFC 9110 §14); several are answered by the whole.
http::Response hls_media(const http::Request& request, const live::HlsName& name,
                         const live::SharedSlices& media);

}  // namespace porchlight::api
