// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <limits>

#include "porchlight/config/document.hpp"

namespace porchlight::config {
namespace {

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Optimal string alignment distance: one for an insertion, deletion, substitution, or a swap of
// neighbours (`rstp`).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_up(b.size() + 1), up(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) up[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({up[j] + 1, row[j - 1] + 1, up[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], two_up[j - 2] + 1);
    }
    std::swap(two_up, up);
    std::swap(up, row);
  }
  return up[b.size()];
}

}  // namespace

std::optional<std::string> suggestion(std::string_view found, const std::vector<std::string>& words) {
  if (found.empty() || found.size() > 64) return std::nullopt;
  const std::string want = lowered(found);
  std::size_t nearest = std::numeric_limits<std::size_t>::max();
  const std::string* best = nullptr;
  for (const auto& word : words) {
    const auto d = distance(want, lowered(word));
    if (d < nearest) {
      nearest = d;
      best = &word;
    }
  }
  if (best == nullptr) return std::nullopt;
  // A slip of the pen changes few letters of the longer word; one of two letters is another word.
  const auto longer = std::max(found.size(), best->size());
  if (nearest > longer / 3) return std::nullopt;
  return *best;
}

}  // namespace porchlight::config
