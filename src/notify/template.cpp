// SPDX-License-Identifier: Apache-2.0
#include "notify/template.hpp"

#include <algorithm>
#include <vector>

#include "porchlight/config/document.hpp"

namespace porchlight::notify {
namespace {

struct Placeholder {
  std::string_view name;
  std::string_view otherwise;
  std::size_t length = 0;  // with its braces
};

// At an opening brace that is not doubled. Nothing: it is not closed.
std::optional<Placeholder> placeholder_at(std::string_view text) {
  const auto end = text.find_first_of("{}\n", 1);
  if (end == std::string_view::npos || text[end] != '}') return std::nullopt;
  const auto inside = text.substr(1, end - 1);
  const auto bar = inside.find('|');
  return Placeholder{inside.substr(0, bar),
                     bar == std::string_view::npos ? std::string_view() : inside.substr(bar + 1), end + 1};
}

bool is_known(std::string_view name) {
  return std::find(placeholders.begin(), placeholders.end(), name) != placeholders.end();
}

std::string unknown(std::string_view name) {
  const std::vector<std::string> words(placeholders.begin(), placeholders.end());
  std::string text = "unknown placeholder '{" + std::string(name) + "}'";
  if (const auto near = config::suggestion(name, words)) return text + " (did you mean '{" + *near + "}'?)";
  text += ", one of:";
  for (const auto& word : words) text += " {" + word + "}";
  return text;
}

TemplateFault fault_at(std::string_view before, std::string message) {
  TemplateFault fault;
  fault.message = std::move(message);
  for (const char c : before) {
    if (c == '\n') {
      ++fault.line;
      fault.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++fault.column;
    }
  }
  return fault;
}

}  // namespace

std::optional<TemplateFault> check_template(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '{') continue;
    if (text.substr(at).starts_with("{{")) {
      ++at;
      continue;
    }
    const auto found = placeholder_at(text.substr(at));
    if (!found)
      return fault_at(text.substr(0, at), "'{' is not closed with '}'; a brace itself is written '{{'");
    if (!is_known(found->name)) return fault_at(text.substr(0, at), unknown(found->name));
    at += found->length - 1;
  }
  return std::nullopt;
}

std::string render(std::string_view text, const std::function<std::string(std::string_view)>& value) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto found = text[at] == '{' ? placeholder_at(text.substr(at)) : std::nullopt;
    if (text.substr(at).starts_with("{{")) {
      out += '{';
      ++at;
    } else if (found && is_known(found->name)) {
      const auto filled = value(found->name);
      out += filled.empty() ? found->otherwise : std::string_view(filled);
      at += found->length - 1;
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace porchlight::notify
