// SPDX-License-Identifier: Apache-2.0
#include "http/request_parser.hpp"

#include <utility>
// g++ 12 needs <utility> before asio.
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace porchlight::http {

namespace beast = boost::beast;

struct RequestParser::State {
  beast::http::request_parser<beast::http::string_body> parser;
  std::size_t header_left;
  bool head_reported = false;
};

namespace {

std::string copied(beast::string_view text) {
  return std::string(text.data(), text.size());
}

// Beast waits for the empty line before it looks closer when bytes come one by one; a client that
// ends its lines with LF alone would be left waiting with it. `bytes` begins where a line begins.
bool has_bare_line_feed(std::string_view bytes) {
  bytes = bytes.substr(0, bytes.find("\r\n\r\n"));
  for (auto at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') return true;
  }
  return false;
}

RequestParser::Step failed(std::size_t consumed, int status, std::string_view fault) {
  return {consumed, RequestParser::Progress::failed, status, fault};
}

RequestParser::Step failure(std::size_t consumed, const beast::error_code& error) {
  using Code = beast::http::error;
  if (error == Code::header_limit) return failed(consumed, 431, "the header is too large");
  if (error == Code::body_limit || error == Code::buffer_overflow) {
    return failed(consumed, 413, "the body is too large");
  }
  if (error == Code::bad_version) return failed(consumed, 400, "only HTTP/1.0 and HTTP/1.1");
  return failed(consumed, 400, "malformed request");
}

}  // namespace

RequestParser::RequestParser(const Limits& limits, std::size_t largest_body)
    : state_(std::make_unique<State>()) {
  state_->header_left = limits.header_bytes;
  // Beast counts the request line and the fields apart; header_left counts them together.
  state_->parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes) + 1);
  state_->parser.body_limit(largest_body);
}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

RequestParser::Step RequestParser::feed(std::string_view bytes) {
  auto& parser = state_->parser;
  std::size_t consumed = 0;
  for (;;) {
    if (parser.is_done() && state_->head_reported) return {consumed, Progress::complete, 0, {}};
    if (parser.is_header_done() && !state_->head_reported) {
      state_->head_reported = true;
      // RFC 9112 §6.3 allows to insist on a Content-Length. It shuts out request smuggling by two
      // readings of one length, and Beast 1.74's chunk parser, whose assertions a client can break.
      if (parser.get().count(beast::http::field::transfer_encoding) != 0) {
        return failed(consumed, 411, "Transfer-Encoding is not taken, a Content-Length is");
      }
      return {consumed, Progress::header, 0, {}};
    }
    auto offered = bytes.substr(consumed);
    const bool in_header = !parser.is_header_done();
    if (in_header) offered = offered.substr(0, state_->header_left);
    if (offered.empty()) return {consumed, Progress::need_more, 0, {}};
    if (in_header && has_bare_line_feed(offered)) return failed(consumed, 400, "a line feed without its CR");
    beast::error_code error;
    const auto taken = parser.put(boost::asio::const_buffer(offered.data(), offered.size()), error);
    consumed += taken;
    if (in_header) state_->header_left -= taken;
    if (error == beast::http::error::need_more) {
      const bool full = in_header && offered.size() - taken >= state_->header_left;
      if (full) return failure(consumed, beast::http::make_error_code(beast::http::error::header_limit));
      if (taken == 0 || consumed == bytes.size()) return {consumed, Progress::need_more, 0, {}};
    } else if (error) {
      return failure(consumed, error);
    }
  }
}

bool RequestParser::limit_body(std::size_t bytes) {
  auto& parser = state_->parser;
  if (const auto length = parser.content_length(); length && *length > bytes) return false;
  parser.body_limit(bytes);
  return true;
}

bool RequestParser::keep_alive() const {
  return state_->parser.keep_alive();
}

bool RequestParser::expects_continue() const {
  const auto& fields = state_->parser.get();
  return version() == 11 && equal_without_case(copied(fields[beast::http::field::expect]), "100-continue");
}

int RequestParser::version() const {
  return static_cast<int>(state_->parser.get().version());
}
std::string RequestParser::target() const {
  return copied(state_->parser.get().target());
}
std::string RequestParser::verb() const {
  return copied(state_->parser.get().method_string());
}

Request RequestParser::take_head() {
  Request request;
  request.method = method_of(verb());
  for (const auto& field : state_->parser.get()) {
    request.headers.emplace_back(copied(field.name_string()), copied(field.value()));
  }
  return request;
}

std::string RequestParser::take_body() {
  return std::move(state_->parser.get().body());
}

}  // namespace porchlight::http
