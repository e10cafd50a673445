// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/http/message.hpp"
#include "porchlight/http/problem.hpp"

namespace porchlight::api {

// The members of a JSON object that a route takes. The first fault is kept and answered; a member that
// nobody asked for is one. For routes with http::Payload::json only, which hold the body against its
// Content-Type (no form of another site sends that one), UTF-8, depth and doubled keys.
class JsonBody {
 public:
  JsonBody(const http::Request& request, std::initializer_list<std::string_view> members);

  std::string text(const char* member);  // required, at most 1024 bytes
  std::optional<std::string> optional_text(const char* member);
  std::optional<bool> optional_boolean(const char* member);
  std::optional<std::int64_t> optional_integer(const char* member, std::int64_t least, std::int64_t most);
  std::optional<std::vector<std::string>> optional_texts(const char* member);
  // An object whose members the caller chose, at most 64.
  std::optional<std::map<std::string, std::string>> optional_text_map(const char* member);

  void fault(std::string text, int status = 400);
  // What to answer when something was wrong.
  std::optional<http::Response> refusal(const http::Request& request) const;

 private:
  const nlohmann::json* find(const char* member, bool (nlohmann::json::*is)() const noexcept,
                             const char* kind);

  nlohmann::json object_;
  std::string fault_;
  int status_ = 400;
};

// A measure as answers show it: with four decimals.
inline double rounded(double value) noexcept {
  return std::round(value * 10'000) / 10'000;
}

inline http::Response json_answer(int status, const nlohmann::ordered_json& body) {
  return http::Response::json(status,
                              body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace porchlight::api
