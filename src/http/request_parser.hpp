// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/text.hpp"
#include "porchlight/http/limits.hpp"
#include "porchlight/http/message.hpp"

namespace porchlight::http {

// One HTTP/1.x request out of a stream of bytes; knows nothing of sockets. The only place that sees
// Beast: it costs half a minute of compile time wherever it is included.
class RequestParser {
 public:
  RequestParser(const Limits& limits, std::size_t largest_body);
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  enum class Progress { need_more, header, complete, failed };
  struct Step {
    std::size_t consumed = 0;  // the caller keeps the rest and offers it again with what follows
    Progress progress = Progress::need_more;
    int status = 0;          // of a failure: 400, 411, 413, 431
    std::string_view fault;  // its text
  };
  // `header` comes once, before any of the body is taken; feed() again, even with nothing, goes on.
  Step feed(std::string_view bytes);

  // After `header`. Fails when the announced length is beyond it.
  bool limit_body(std::size_t bytes);
  bool keep_alive() const;
  bool expects_continue() const;
  int version() const;  // 10 or 11

  // After `header`: method, headers; the raw target.
  Request take_head();
  std::string target() const;
  std::string verb() const;
  // After `complete`.
  std::string take_body();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::http
