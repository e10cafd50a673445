// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace porchlight::host {

// How many interfaces, block devices, sensors and mount points are shown.
inline constexpr std::size_t most_of_a_kind = 8;

// A file of /proc or /sys, whole; empty when it cannot be read or is larger than `limit` bytes.
std::string text_of(const std::filesystem::path& file, std::size_t limit = std::size_t{1} << 20);

// Separated by blanks and tabs.
std::vector<std::string_view> words_of(std::string_view line);

std::string_view trimmed(std::string_view text);

// A whole word that is an unsigned number; nothing when it is none or too large.
std::optional<std::uint64_t> number_in(std::string_view word, int base = 10);

// The number at this place; nothing, too, when there are not so many words.
std::optional<std::uint64_t> number_at(const std::vector<std::string_view>& words, std::size_t at);

// What the kernel calls a thing, fit for a label: at most 64 bytes, others than printable ASCII as `_`.
std::string label_text(std::string_view name);

// Names in a folder, in numbers' order: thermal_zone2 before thermal_zone10. Empty when there is no such
// folder.
std::vector<std::string> names_in(const std::filesystem::path& folder);

template <class Visit>
void each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace porchlight::host
