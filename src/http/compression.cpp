// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/compression.hpp"

#include <zlib.h>

#include <algorithm>
#include <optional>

#include "http/text.hpp"

namespace porchlight::http {
namespace {

// `q=0`, `q=0.0`, … refuse; anything else, even a broken weight, takes.
bool refused(std::string_view weights) {
  const auto q = weights.find("q=");
  if (q == std::string_view::npos) return false;
  const auto value = trimmed(weights.substr(q + 2));
  return !value.empty() && value.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<bool> named;
  bool any = false;
  while (!accept_encoding.empty()) {
    const auto item = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(accept_encoding.size(), item.size() + 1));
    const auto coding = trimmed(item.substr(0, item.find(';')));
    const bool taken = !refused(item.substr(std::min(item.size(), coding.size())));
    if (equal_without_case(coding, "gzip") || equal_without_case(coding, "x-gzip")) named = taken;
    if (coding == "*") any = taken;
  }
  return named.value_or(any);
}

std::string gzip(std::string_view bytes, Packing packing) {
  constexpr int window_with_gzip_header = 15 + 16;
  const int level = packing == Packing::small ? 6 : 2;
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, window_with_gzip_header, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string packed(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));  // zlib only reads it
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int outcome = deflate(&stream, Z_FINISH);
  packed.resize(outcome == Z_STREAM_END ? stream.total_out : 0);
  deflateEnd(&stream);
  return packed;
}

}  // namespace porchlight::http
