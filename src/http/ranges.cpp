// SPDX-License-Identifier: Apache-2.0
#include "http/ranges.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "http/text.hpp"

namespace porchlight::http {
namespace {

// Digits only; what is beyond 64 bits is beyond every file, too.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc::result_out_of_range ? std::numeric_limits<std::uint64_t>::max() : value;
}

enum class Verdict { malformed, outside, inside };

Verdict parse_one(std::string_view text, std::uint64_t size, ByteRange& range) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return Verdict::malformed;
  const auto first_text = text.substr(0, dash);
  const auto last_text = text.substr(dash + 1);
  const auto first = parse_number(first_text);
  const auto last = parse_number(last_text);
  if ((!first && !first_text.empty()) || (!last && !last_text.empty()) || (!first && !last))
    return Verdict::malformed;
  if (!first) {  // the last so many bytes
    range.bytes = std::min(*last, size);
    range.offset = size - range.bytes;
    return range.bytes == 0 ? Verdict::outside : Verdict::inside;
  }
  if (last && *last < *first) return Verdict::malformed;
  if (*first >= size) return Verdict::outside;
  range.offset = *first;
  range.bytes = last ? std::min(*last - *first, size - *first - 1) + 1 : size - *first;
  return Verdict::inside;
}

}  // namespace

RangeAnswer parse_ranges(std::string_view header, std::uint64_t size, std::size_t most) {
  const auto equals = header.find('=');
  if (equals == std::string_view::npos || !equal_without_case(trimmed(header.substr(0, equals)), "bytes"))
    return {};
  auto rest = header.substr(equals + 1);
  if (trimmed(rest).empty()) return {};
  RangeAnswer answer{RangeAnswer::Kind::parts};
  std::size_t asked = 0;
  std::uint64_t left = size;
  bool too_much = false;
  while (!rest.empty()) {
    const auto item = next_item(rest, ',');
    if (item.empty()) continue;  // lists may have empty elements (RFC 9110 §5.6.1)
    ByteRange range;
    const auto verdict = parse_one(item, size, range);
    if (verdict == Verdict::malformed) return {};
    too_much = too_much || ++asked > most || (verdict == Verdict::inside && range.bytes > left);
    if (too_much || verdict == Verdict::outside) continue;
    left -= range.bytes;
    answer.parts.push_back(range);
  }
  if (asked == 0) return {};
  if (too_much || answer.parts.empty()) return {RangeAnswer::Kind::unsatisfiable, {}};
  return answer;
}

}  // namespace porchlight::http
