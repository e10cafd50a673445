// SPDX-License-Identifier: Apache-2.0
#include "host/reading.hpp"

#include <algorithm>

#include "porchlight/base/durable_file.hpp"

namespace porchlight::host {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t longest_label = 64;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The part before a name's last number, and the number: shorter ones are smaller.
std::pair<std::string_view, std::string_view> parts_of(std::string_view name) {
  auto begin = name.size();
  while (begin > 0 && is_digit(name[begin - 1])) --begin;
  return {name.substr(0, begin), name.substr(begin)};
}

bool comes_before(const std::string& a, const std::string& b) {
  const auto [stem_a, number_a] = parts_of(a);
  const auto [stem_b, number_b] = parts_of(b);
  if (stem_a != stem_b) return stem_a < stem_b;
  if (number_a.size() != number_b.size()) return number_a.size() < number_b.size();
  return number_a < number_b;
}

}  // namespace

std::string text_of(const std::filesystem::path& file, std::size_t limit) {
  auto text = read_whole_file(file, limit);
  return text ? std::move(*text) : std::string();
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(blanks), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::optional<std::uint64_t> number_in(std::string_view word, int base) {
  std::uint64_t number = 0;
  const auto* end = word.data() + word.size();
  const auto [stopped, fault] = std::from_chars(word.data(), end, number, base);
  if (word.empty() || fault != std::errc() || stopped != end) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> number_at(const std::vector<std::string_view>& words, std::size_t at) {
  return at < words.size() ? number_in(words[at]) : std::nullopt;
}

std::string label_text(std::string_view name) {
  std::string text(name.substr(0, longest_label));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; }, '_');
  return text;
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code failure;
  for (std::filesystem::directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure))
    names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end(), comes_before);
  return names;
}

}  // namespace porchlight::host
