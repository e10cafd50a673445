// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/text.hpp"
#include "porchlight/http/limits.hpp"
#include "porchlight/http/message.hpp"

namespace porchlight::http {

// One HTTP/1.x request out of a stream of bytes (RFC 9112); knows nothing of sockets. Strict where
// two readers could differ: a request has one length, one Host and one way to end a line.
class RequestParser {
 public:
  explicit RequestParser(const Limits& limits);

  enum class Progress { need_more, header, complete, failed };
  struct Step {
    std::size_t consumed = 0;  // the caller keeps the rest and offers it again with what follows
    Progress progress = Progress::need_more;
    int status = 0;          // of a failure: 400, 411, 431
    std::string_view fault;  // its text
  };
  // `header` comes once, before any of the body is taken; feed() again, even with nothing, goes on.
  Step feed(std::string_view bytes);

  // After `header`; as announced. How much of it is taken is for the caller to judge before it feeds on.
  std::size_t body_length() const noexcept { return length_.value_or(0); }
  bool keep_alive() const noexcept { return keep_alive_; }
  bool expects_continue() const noexcept { return expects_continue_ && version_ == 11; }
  int version() const noexcept { return version_; }  // 10 or 11

  // After `header`: method, headers; the raw target.
  Request take_head();
  const std::string& target() const noexcept { return target_; }
  const std::string& verb() const noexcept { return verb_; }
  // After `complete`.
  std::string take_body() { return std::move(body_); }

 private:
  enum class Part { request_line, fields, head_done, body };
  struct Fault {
    int status = 0;
    std::string_view text;
  };
  using Verdict = std::optional<Fault>;

  Step failed(std::size_t consumed, Fault fault);
  Verdict take_line(std::string_view line);
  Verdict take_request_line(std::string_view line);
  Verdict take_field(std::string_view line);
  Verdict take_meaning(std::string_view name, std::string_view value);
  Verdict take_length(std::string_view value);
  Verdict end_of_head();

  std::size_t header_left_;
  std::size_t fields_left_;

  Part part_ = Part::request_line;
  bool began_ = false;  // an empty line before the request line was passed
  Fault fault_;
  std::string verb_;
  std::string target_;
  HeaderList headers_;
  std::string body_;
  int version_ = 11;
  std::optional<std::size_t> length_;
  bool transfer_encoding_ = false;
  bool expects_continue_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
  bool keep_alive_ = false;
};

}  // namespace porchlight::http
