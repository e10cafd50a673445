// SPDX-License-Identifier: Apache-2.0
#include "api/scrape_format.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace porchlight::api {
namespace {

using telemetry::Format;

struct Offer {
  std::string_view type;
  std::string_view subtype;
  std::string_view version;
};
constexpr Offer classic = {"text", "plain", "0.0.4"};
constexpr Offer openmetrics = {"application", "openmetrics-text", "1.0.0"};

// What a header says of one offer: the weight of its most specific range.
struct Verdict {
  int specific = -1;  // -1: no range fits
  double weight = 0;
};

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string_view next_item(std::string_view& rest, char separator) {
  const auto item = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(rest.size(), item.size() + 1));
  return trimmed(item);
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// A weight that is none counts as if it were not there.
double weight_of(std::string_view text) {
  double weight = 1;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), weight);
  const bool good = fault == std::errc{} && end == text.data() + text.size() && weight >= 0 && weight <= 1;
  return good ? weight : 1;
}

// How closely a range (in lower case) fits: 0 any, 1 the type, 2 the subtype too, one more for each
// parameter that we have; -1: not. Parameters that we do not have (escaping=…) ask for nothing.
Verdict verdict_on(std::string_view range, const Offer& offer) {
  const auto name = next_item(range, ';');
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return {};
  const auto type = name.substr(0, slash);
  const auto subtype = name.substr(slash + 1);
  Verdict verdict{.specific = (type != "*" ? 1 : 0) + (subtype != "*" ? 1 : 0), .weight = 1};
  if ((type != "*" && type != offer.type) || (subtype != "*" && subtype != offer.subtype)) return {};
  while (!range.empty()) {
    auto value = next_item(range, ';');
    const auto parameter = next_item(value, '=');
    value = unquoted(value);
    if (parameter == "q") {
      verdict.weight = weight_of(value);
      break;  // what follows the weight is an extension
    }
    if (parameter != "version" && parameter != "charset") continue;
    if (value != (parameter == "version" ? offer.version : "utf-8")) return {};
    ++verdict.specific;
  }
  return verdict;
}

double weight_for(std::string_view ranges, const Offer& offer) {
  Verdict best;
  while (!ranges.empty()) {
    const auto verdict = verdict_on(next_item(ranges, ','), offer);
    if (verdict.specific > best.specific ||
        (verdict.specific == best.specific && verdict.weight > best.weight))
      best = verdict;
  }
  return best.weight;
}

}  // namespace

std::optional<Format> scrape_format(std::string_view accept) {
  if (trimmed(accept).empty()) return Format::classic;
  std::string ranges(accept);
  std::transform(ranges.begin(), ranges.end(), ranges.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const double classic_weight = weight_for(ranges, classic);
  const double openmetrics_weight = weight_for(ranges, openmetrics);
  if (openmetrics_weight > classic_weight) return Format::openmetrics;
  return classic_weight > 0 ? std::optional(Format::classic) : std::nullopt;
}

std::string_view content_type(Format format) noexcept {
  return format == Format::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                       : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace porchlight::api
