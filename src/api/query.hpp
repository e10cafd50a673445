// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/http/message.hpp"
#include "porchlight/http/problem.hpp"

namespace porchlight::api {

// The parameters that a route takes. The first fault is kept and answered; a parameter that the route does
// not know, or that comes twice, is one.
class Query {
 public:
  Query(const http::Request& request, std::initializer_list<std::string_view> names);

  std::optional<std::string> text(const char* name);  // 1 to 256 bytes
  std::int64_t integer(const char* name, std::int64_t least, std::int64_t most, std::int64_t otherwise);
  std::optional<WallTime> time(const char* name);

  void fault(std::string text);
  std::optional<http::Response> refusal(const http::Request& request) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::string fault_;
};

// A whole number and nothing else.
std::optional<std::int64_t> whole_number(std::string_view text);
// The number that the path's {id} is; nothing when it is none.
std::optional<std::int64_t> number_of(const http::Request& request);

}  // namespace porchlight::api
