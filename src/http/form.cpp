// SPDX-License-Identifier: Apache-2.0
#include "http/form.hpp"

#include <algorithm>

#include "http/text.hpp"
#include "porchlight/base/utf8.hpp"

namespace porchlight::http {
namespace {

constexpr std::size_t longest_boundary = 70;
constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_file_name = 255;
constexpr std::size_t largest_head = 1024;

bool is_boundary_character(char c) {
  const char small = lower(c);
  if ((small >= 'a' && small <= 'z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

bool is_plain(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
         });
}

// `name="a \"b\""` or `name=a`; parameters of a header, one after the other.
struct Parameter {
  std::string name;
  std::string value;
};
std::optional<Parameter> next_parameter(std::string_view& rest) {
  rest = trimmed(rest);
  if (!rest.starts_with(';')) return std::nullopt;
  rest = trimmed(rest.substr(1));
  const auto equals = rest.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  Parameter parameter{std::string(trimmed(rest.substr(0, equals))), {}};
  rest.remove_prefix(equals + 1);
  if (!rest.starts_with('"')) {
    const auto value = rest.substr(0, rest.find(';'));
    parameter.value = trimmed(value);
    rest.remove_prefix(value.size());
    return parameter;
  }
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return parameter;
    }
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    parameter.value.push_back(rest[i]);
  }
  return std::nullopt;  // a quote without its end
}

std::string_view take_disposition(std::string_view value, FormPart& part) {
  const auto kind = value.substr(0, value.find(';'));
  if (!equal_without_case(trimmed(kind), "form-data")) return "a part of the form is no form-data";
  auto rest = value.substr(kind.size());
  bool named = false;
  while (const auto parameter = next_parameter(rest)) {
    if (equal_without_case(parameter->name, "name")) {
      if (std::exchange(named, true)) return "a part of the form has two names";
      part.name = parameter->value;
    }
    if (equal_without_case(parameter->name, "filename")) part.file_name = parameter->value;
  }
  if (!rest.empty()) return "malformed Content-Disposition in the form";
  if (part.name.empty() || part.name.size() > longest_name || !is_plain(part.name))
    return "a part of the form has no usable name";
  if (part.file_name.size() > longest_file_name || !is_plain(part.file_name))
    return "a part of the form has no usable file name";
  return {};
}

std::string_view take_head(std::string_view head, FormPart& part) {
  bool disposed = false;
  while (!head.empty()) {
    const auto line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return "a header line of the form without a colon";
    const auto name = line.substr(0, colon);
    const auto value = trimmed(line.substr(colon + 1));
    if (equal_without_case(name, "content-type")) part.content_type = value;
    if (!equal_without_case(name, "content-disposition")) continue;
    if (std::exchange(disposed, true)) return "two Content-Dispositions in one part of the form";
    if (const auto fault = take_disposition(value, part); !fault.empty()) return fault;
  }
  return disposed ? std::string_view{} : "a part of the form without Content-Disposition";
}

}  // namespace

std::optional<std::string> form_boundary(std::string_view content_type) {
  const auto kind = content_type.substr(0, content_type.find(';'));
  if (!equal_without_case(trimmed(kind), "multipart/form-data")) return std::nullopt;
  auto rest = content_type.substr(kind.size());
  while (auto parameter = next_parameter(rest)) {
    if (!equal_without_case(parameter->name, "boundary")) continue;
    const auto& value = parameter->value;
    const bool good = !value.empty() && value.size() <= longest_boundary && value.back() != ' ' &&
                      std::all_of(value.begin(), value.end(), is_boundary_character);
    return good ? std::optional(value) : std::nullopt;
  }
  return std::nullopt;
}

Form parse_form(std::string_view body, std::string_view boundary, std::size_t most) {
  const auto failed = [](std::string_view fault) { return Form{{}, fault}; };
  const std::string line = "--" + std::string(boundary);
  const std::string delimiter = "\r\n" + line;
  if (!body.starts_with(line)) return failed("the form does not begin with its boundary");
  body.remove_prefix(line.size());
  Form form;
  while (!body.starts_with("--")) {
    if (!body.starts_with("\r\n")) return failed("malformed boundary in the form");
    body.remove_prefix(2);
    const auto end_of_head = body.substr(0, largest_head).find("\r\n\r\n");
    if (end_of_head == std::string_view::npos)
      return failed("a part of the form without the end of its header");
    if (form.parts.size() == most) return failed("the form has too many parts");
    auto& part = form.parts.emplace_back();
    if (const auto fault = take_head(body.substr(0, end_of_head), part); !fault.empty()) return failed(fault);
    body.remove_prefix(end_of_head + 4);
    const auto end = body.find(delimiter);
    if (end == std::string_view::npos) return failed("the form ends before its last boundary");
    part.bytes = body.substr(0, end);
    body.remove_prefix(end + delimiter.size());
  }
  return form;
}

}  // namespace porchlight::http
