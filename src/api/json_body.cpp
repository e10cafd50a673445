// SPDX-License-Identifier: Apache-2.0
#include "api/json_body.hpp"

#include <algorithm>

#include "porchlight/telemetry/log.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;

constexpr std::size_t longest_text = 1024;
constexpr std::size_t longest_list = 64;
constexpr std::size_t longest_shown = 64;

std::string named(const char* member) {
  return "'" + std::string(member) + "' ";
}

// As sent, but for what looks like a secret: a client may have mixed up member and value. At most 64 bytes,
// without a control character that would be more than text in a terminal.
std::string unknown(std::string name) {
  name = telemetry::scrubbed(name);
  std::erase_if(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  auto end = std::min<std::size_t>(name.size(), longest_shown);
  while (end < name.size() && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  const bool cut = end < name.size();
  return "the body has the member '" + name.substr(0, end) + (cut ? "…" : "") +
         "', which this route does not know";
}

}  // namespace

JsonBody::JsonBody(const http::Request& request, std::initializer_list<std::string_view> members) {
  object_ = json::parse(request.body, nullptr, false);
  if (!object_.is_object()) fault("the body must be a JSON object");
  const auto is_known = [&](const std::string& name) {
    return std::find(members.begin(), members.end(), name) != members.end();
  };
  for (const auto& [name, value] : object_.items())
    if (object_.is_object() && !is_known(name)) fault(unknown(name));
}

const json* JsonBody::find(const char* member, bool (json::*is)() const noexcept, const char* kind) {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(member);
  if (found == object_.end() || found->is_null()) return nullptr;
  if (((*found).*is)()) return &*found;
  fault(named(member) + "must be " + kind);
  return nullptr;
}

std::string JsonBody::text(const char* member) {
  auto value = optional_text(member);
  if (!value) fault(named(member) + "is missing");
  return value.value_or("");
}

std::optional<std::string> JsonBody::optional_text(const char* member) {
  const auto* value = find(member, &json::is_string, "a text");
  if (value == nullptr) return std::nullopt;
  auto text = value->get<std::string>();
  if (text.size() > longest_text) fault(named(member) + "is longer than 1024 bytes");
  if (text.find('\0') != std::string::npos) fault(named(member) + "has a NUL in it");
  return text;
}

std::optional<bool> JsonBody::optional_boolean(const char* member) {
  const auto* value = find(member, &json::is_boolean, "true or false");
  return value == nullptr ? std::nullopt : std::optional(value->get<bool>());
}

std::optional<std::int64_t> JsonBody::optional_integer(const char* member, std::int64_t least,
                                                       std::int64_t most) {
  const auto* value = find(member, &json::is_number_integer, "a whole number");
  if (value == nullptr) return std::nullopt;
  const bool fits =
      !value->is_number_unsigned() || value->get<std::uint64_t>() <= static_cast<std::uint64_t>(most);
  const auto number = fits ? value->get<std::int64_t>() : most;
  if (!fits || number < least || number > most)
    fault(named(member) + "must be from " + std::to_string(least) + " to " + std::to_string(most));
  return number;
}

std::optional<std::vector<std::string>> JsonBody::optional_texts(const char* member) {
  const auto* value = find(member, &json::is_array, "a list of texts");
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& entry : *value) {
    if (!entry.is_string() || texts.size() == longest_list) {
      fault(named(member) + "must be a list of at most 64 texts");
      return std::nullopt;
    }
    texts.push_back(entry.get<std::string>());
  }
  return texts;
}

std::optional<std::map<std::string, std::string>> JsonBody::optional_text_map(const char* member) {
  const auto* value = find(member, &json::is_object, "an object");
  if (value == nullptr) return std::nullopt;
  std::map<std::string, std::string> texts;
  for (const auto& [name, entry] : value->items()) {
    if (!entry.is_string() || texts.size() == longest_list) {
      fault(named(member) + "must be an object of at most 64 texts");
      return std::nullopt;
    }
    texts[name] = entry.get<std::string>();
  }
  return texts;
}

void JsonBody::fault(std::string text, int status) {
  if (!fault_.empty()) return;
  fault_ = std::move(text);
  status_ = status;
}

std::optional<http::Response> JsonBody::refusal(const http::Request& request) const {
  if (fault_.empty()) return std::nullopt;
  return http::problem_response({.status = status_, .detail = fault_}, request.trace);
}

}  // namespace porchlight::api
