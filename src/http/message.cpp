// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/message.hpp"

#include <algorithm>
#include <array>

#include "http/cookies.hpp"
#include "http/text.hpp"

namespace porchlight::http {
namespace {

struct Verb {
  Method method;
  std::string_view text;
};
constexpr std::array verbs = {Verb{Method::get, "GET"},         Verb{Method::post, "POST"},
                              Verb{Method::put, "PUT"},         Verb{Method::patch, "PATCH"},
                              Verb{Method::del, "DELETE"},      Verb{Method::head, "HEAD"},
                              Verb{Method::options, "OPTIONS"}, Verb{Method::other, "other"}};

struct Phrase {
  int status;
  std::string_view text;
};
constexpr std::array phrases = {Phrase{101, "Switching Protocols"},
                                Phrase{200, "OK"},
                                Phrase{201, "Created"},
                                Phrase{202, "Accepted"},
                                Phrase{204, "No Content"},
                                Phrase{206, "Partial Content"},
                                Phrase{301, "Moved Permanently"},
                                Phrase{303, "See Other"},
                                Phrase{304, "Not Modified"},
                                Phrase{308, "Permanent Redirect"},
                                Phrase{400, "Bad Request"},
                                Phrase{401, "Unauthorized"},
                                Phrase{403, "Forbidden"},
                                Phrase{404, "Not Found"},
                                Phrase{405, "Method Not Allowed"},
                                Phrase{406, "Not Acceptable"},
                                Phrase{408, "Request Timeout"},
                                Phrase{409, "Conflict"},
                                Phrase{410, "Gone"},
                                Phrase{411, "Length Required"},
                                Phrase{412, "Precondition Failed"},
                                Phrase{413, "Content Too Large"},
                                Phrase{415, "Unsupported Media Type"},
                                Phrase{416, "Range Not Satisfiable"},
                                Phrase{422, "Unprocessable Content"},
                                Phrase{429, "Too Many Requests"},
                                Phrase{431, "Request Header Fields Too Large"},
                                Phrase{500, "Internal Server Error"},
                                Phrase{501, "Not Implemented"},
                                Phrase{502, "Bad Gateway"},
                                Phrase{503, "Service Unavailable"},
                                Phrase{504, "Gateway Timeout"}};

}  // namespace

std::string_view to_string(Method method) noexcept {
  for (const auto& verb : verbs) {
    if (verb.method == method) return verb.text;
  }
  return "other";
}

Method method_of(std::string_view verb) noexcept {
  for (const auto& known : verbs) {
    if (known.text == verb) return known.method;
  }
  return Method::other;
}

std::string_view reason_phrase(int status) noexcept {
  for (const auto& phrase : phrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "Unknown";
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equal_without_case(key, name)) return value;
  }
  return {};
}

std::optional<std::string> Request::header_list(std::string_view name) const {
  std::optional<std::string> list;
  for (const auto& [key, value] : headers) {
    if (equal_without_case(key, name)) list = list ? *list + ", " + value : value;
  }
  return list;
}

std::optional<std::string_view> Request::cookie(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const auto& [key, value] : headers) {
    if (equal_without_case(key, "cookie") && !find_cookie(value, name, found)) return std::nullopt;
  }
  return found;
}

std::optional<std::string> Request::query_value(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    return percent_decoded(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
  }
  return std::nullopt;
}

const std::string& Request::parameter(const std::string& name) const {
  static const std::string none;
  const auto found = parameters.find(name);
  return found == parameters.end() ? none : found->second;
}

Response Response::json(int status, std::string body) {
  return Response{status, {{"Content-Type", "application/json"}}, std::move(body)};
}

}  // namespace porchlight::http
