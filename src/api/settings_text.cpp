// SPDX-License-Identifier: Apache-2.0
#include "api/settings_text.hpp"

#include <algorithm>

#include "porchlight/api/settings_page.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::api {
namespace {

using nlohmann::ordered_json;

constexpr int deepest = 8;  // a value of the configuration has three levels

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

bool has_reference(std::string_view text) {
  for (const std::string_view start : {"${ENV:", "${file:", "${credential:"})
    if (text.find(start) != std::string_view::npos) return true;
  return false;
}

// Calls for each text below.
template <class Do>
void each_text(ordered_json& value, const Do& change) {
  if (value.is_string()) {
    value = change(value.get<std::string>());
  } else if (value.is_structured()) {
    for (auto& item : value) each_text(item, change);
  }
}

// An address may hold a secret, and so may the arguments of a program; other texts are what they are.
std::string masked_string(const std::string& text) {
  if (text.starts_with("exec:")) {
    const auto end = text.find(' ');
    return end == std::string::npos ? text : text.substr(0, end + 1) + std::string(masked_text);
  }
  return text.find("://") == std::string::npos ? text : telemetry::scrubbed(text);
}

ordered_json plain_scalar(const config::Raw& raw) {
  if (raw.quoted) return raw.text;
  if (raw.text == "true") return true;
  if (raw.text == "false") return false;
  auto number = ordered_json::parse(raw.text, nullptr, false);
  // What would be another text as a number is none: 007, 1e3, an id of twenty digits.
  if (number.is_number() && number.dump() == raw.text) return number;
  return raw.text;
}

template <class Scalar>
ordered_json json_of(const config::Raw& raw, const Scalar& scalar) {
  switch (raw.kind) {
    case config::Raw::Kind::nothing:
      return nullptr;
    case config::Raw::Kind::scalar:
      return scalar(raw);
    case config::Raw::Kind::list: {
      auto list = ordered_json::array();
      for (const auto& item : raw.items) list.push_back(json_of(item, scalar));
      return list;
    }
    case config::Raw::Kind::mapping:
      break;
  }
  auto object = ordered_json::object();
  for (const auto& [key, value] : raw.entries) object[key] = json_of(value, scalar);
  return object;
}

std::string unwritable_text(const std::string& text) {
  const auto is_control = [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control)) return "has a control character in it";
  if (has_reference(text))
    return "references such as ${credential:NAME} are written in a file by hand, not from here";
  return {};
}

std::string unwritable_at(const ordered_json& given, int depth) {
  if (depth > deepest) return "is nested too deeply";
  if (given.is_string()) return unwritable_text(given.get<std::string>());
  if (!given.is_structured()) return {};
  for (const auto& [key, value] : given.items()) {
    if (given.is_object())
      if (auto wrong = unwritable_text(key); !wrong.empty()) return wrong;
    if (auto wrong = unwritable_at(value, depth + 1); !wrong.empty()) return wrong;
  }
  return {};
}

}  // namespace

ordered_json stored_json(const config::Raw& raw) {
  return json_of(raw, plain_scalar);
}

ordered_json shown_json(const config::Raw& raw) {
  return json_of(raw, [](const config::Raw& scalar) {
    auto value = plain_scalar(scalar);
    each_text(value, [](const std::string& text) {
      return masked_string(has_reference(text) ? text : replaced(text, "$${", "${"));
    });
    return value;
  });
}

ordered_json masked(ordered_json given) {
  each_text(given, masked_string);
  return given;
}

ordered_json escaped(ordered_json given) {
  each_text(given, [](const std::string& text) { return replaced(text, "${", "$${"); });
  return given;
}

std::string unwritable(const ordered_json& given) {
  return unwritable_at(given, 0);
}

// JSON on one line is YAML, as long as no control character stands in it.
std::string yaml_of(const ordered_json& stored) {
  return stored.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string yaml_key(const std::string& key) {
  const bool plain = !key.empty() && std::all_of(key.begin(), key.end(),
                                                 [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return plain ? key : yaml_of(key);
}

}  // namespace porchlight::api
