// SPDX-License-Identifier: Apache-2.0
#include "api/hls_answers.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "api/query.hpp"
#include "porchlight/http/problem.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Response;

// For a segment of two seconds, or ten at most: who needs longer does not watch. With that, all answers of a
// stream hold what it sent lately and no more, however many there are.
constexpr std::chrono::seconds media_within{60};

Response sharing(Response response, http::SharedBody body, std::shared_ptr<const live::HlsViewer> viewer) {
  body.within = media_within;
  body.is_over = [viewer = std::move(viewer)] { return viewer->has_left(); };
  response.shared = std::make_shared<http::SharedBody>(std::move(body));
  return response;
}

struct Stretch {
  std::size_t from = 0;
  std::size_t bytes = 0;  // 0: nothing of it is there
};

// Nothing: the header asks for no range that we serve.
std::optional<Stretch> range_of(std::string_view header, std::size_t size) {
  constexpr std::string_view unit = "bytes=";
  if (!header.starts_with(unit)) return std::nullopt;
  header.remove_prefix(unit.size());
  const auto dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return std::nullopt;
  const auto first = whole_number(header.substr(0, dash)), last = whole_number(header.substr(dash + 1));
  const bool ends = dash + 1 < header.size(), begins = dash > 0;
  if ((begins && (!first || *first < 0)) || (ends && (!last || *last < 0)) || (!begins && !ends))
    return std::nullopt;
  if (!begins) {
    const auto bytes = std::min<std::size_t>(static_cast<std::size_t>(*last), size);
    return Stretch{size - bytes, bytes};
  }
  const auto from = static_cast<std::size_t>(*first);
  if (ends && *last < *first) return std::nullopt;
  if (from >= size) return Stretch{};
  const auto most = size - from;
  return Stretch{from,
                 ends ? std::min<std::size_t>(most, static_cast<std::size_t>(*last - *first) + 1) : most};
}

}  // namespace

Response hls_refusal(const Request& request, const live::HlsAnswer& answer) {
  auto refused = http::problem_response({.status = answer.status, .detail = answer.why}, request.trace);
  if (answer.status == 503) refused.headers.emplace_back("Retry-After", "1");
  return refused;
}

// By default nothing of it is stored, so that nobody sees what was there before.
Response hls_playlist(std::string text) {
  return {200, {{"Content-Type", "application/vnd.apple.mpegurl"}}, std::move(text)};
}

// What an address names never changes, and is gone soon: a minute at most, in the caller's own browser alone.
Response hls_media(const Request& request, const live::HlsName& name, http::SharedSlices media,
                   std::shared_ptr<const void> hold, std::shared_ptr<const live::HlsViewer> viewer) {
  const bool is_head = name.kind == live::HlsName::Kind::head;
  Response response{200,
                    {{"Content-Type", is_head ? "video/mp4" : "video/iso.segment"},
                     {"Accept-Ranges", "bytes"},
                     {"Cache-Control", "private, max-age=60, immutable"},
                     {"Vary", "Cookie, Authorization"}},
                    {}};
  const auto size = http::length_of(media);
  const auto header = request.method == http::Method::get ? request.header("range") : std::string_view{};
  const auto range = range_of(header, size);
  if (!range) return sharing(std::move(response), {std::move(media), std::move(hold)}, std::move(viewer));
  if (range->bytes == 0) {
    auto refused = http::problem_response({.status = 416, .detail = "no such range"}, request.trace);
    refused.headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
    return refused;
  }
  response.status = 206;
  response.headers.emplace_back("Content-Range", "bytes " + std::to_string(range->from) + '-' +
                                                     std::to_string(range->from + range->bytes - 1) + '/' +
                                                     std::to_string(size));
  return sharing(std::move(response), {http::cut(media, range->from, range->bytes), std::move(hold)},
                 std::move(viewer));
}

}  // namespace porchlight::api
