// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_text.hpp"

#include <array>
#include <cstdint>

namespace porchlight::config {
namespace {

constexpr std::size_t most_bytes = 1024 * 1024;

// Length of the well-formed UTF-8 sequence at the front (RFC 3629), 0 when it is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) > 0x9F;
  const bool beyond = lead == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

const char* what_is_wrong(std::string_view rest, bool indentation) {
  const auto byte = static_cast<unsigned char>(rest.front());
  if (byte == 0) return "zero byte: this is not a text file in UTF-8";
  if (byte == '\t' && indentation) return "tab in the indentation: use spaces";
  if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F)
    return "control character";
  if (sequence_length(rest) == 0) return "these bytes are not UTF-8";
  return nullptr;
}

}  // namespace

std::optional<Fault> first_byte_fault(std::string_view text, const std::string& file) {
  if (text.size() > most_bytes) return Fault{file, 1, 1, "the file is larger than 1 MiB"};
  int line = 1;
  int column = 1;
  bool indentation = true;
  for (std::size_t i = 0; i < text.size();) {
    const auto rest = text.substr(i);
    if (const char* wrong = what_is_wrong(rest, indentation)) return Fault{file, line, column, wrong};
    if (rest.front() == '\n') {
      ++line;
      column = 1;
      indentation = true;
      ++i;
      continue;
    }
    indentation = indentation && rest.front() == ' ';
    i += sequence_length(rest);
    ++column;
  }
  return std::nullopt;
}

}  // namespace porchlight::config
