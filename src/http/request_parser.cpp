// SPDX-License-Identifier: Apache-2.0
#include "http/request_parser.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace porchlight::http {
namespace {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

// Text, spaces and tabs; bytes above ASCII pass, controls do not (RFC 9110 §5.5).
bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
  });
}

}  // namespace

RequestParser::RequestParser(const Limits& limits)
    : header_left_(limits.header_bytes), fields_left_(limits.header_fields) {}

RequestParser::Step RequestParser::failed(std::size_t consumed, Fault fault) {
  fault_ = fault;
  return {consumed, Progress::failed, fault.status, fault.text};
}

RequestParser::Step RequestParser::feed(std::string_view bytes) {
  std::size_t consumed = 0;
  if (fault_.status != 0) return failed(0, fault_);
  while (part_ == Part::request_line || part_ == Part::fields) {
    const auto offered = bytes.substr(consumed, header_left_);
    const auto end = offered.find('\n');
    if (end == std::string_view::npos) {
      if (bytes.size() - consumed >= header_left_) return failed(consumed, {431, "the header is too large"});
      return {consumed, Progress::need_more, 0, {}};
    }
    if (end == 0 || offered[end - 1] != '\r') return failed(consumed, {400, "a line feed without its CR"});
    consumed += end + 1;
    header_left_ -= end + 1;
    if (const auto fault = take_line(offered.substr(0, end - 1))) return failed(consumed, *fault);
    if (part_ == Part::head_done) return {consumed, Progress::header, 0, {}};
  }
  part_ = Part::body;
  const auto rest = bytes.substr(consumed, body_length() - body_.size());
  body_.append(rest);
  consumed += rest.size();
  return {consumed, body_.size() == body_length() ? Progress::complete : Progress::need_more, 0, {}};
}

RequestParser::Verdict RequestParser::take_line(std::string_view line) {
  if (part_ == Part::fields) return line.empty() ? end_of_head() : take_field(line);
  // RFC 9112 §2.2 asks to overlook an empty line there; one is enough.
  if (line.empty() && !std::exchange(began_, true)) return {};
  return take_request_line(line);
}

RequestParser::Verdict RequestParser::take_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) return Fault{400, "malformed request line"};
  const auto verb = line.substr(0, first);
  const auto target = line.substr(first + 1, second - first - 1);
  const auto version = line.substr(second + 1);
  if (!is_token(verb) || target.empty() || !is_visible(target)) return Fault{400, "malformed request line"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return Fault{400, "only HTTP/1.0 and HTTP/1.1"};
  version_ = version.back() == '1' ? 11 : 10;
  verb_ = verb;
  target_ = target;
  part_ = Part::fields;
  return {};
}

RequestParser::Verdict RequestParser::take_field(std::string_view line) {
  // A folded line is read differently by different readers; RFC 9112 §5.2 lets us refuse it.
  if (line.front() == ' ' || line.front() == '\t') return Fault{400, "a folded header line"};
  if (fields_left_-- == 0) return Fault{431, "too many header lines"};
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return Fault{400, "a header line without a colon"};
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (!is_token(name) || !is_field_value(value)) return Fault{400, "malformed header line"};
  headers_.emplace_back(name, value);
  return take_meaning(name, value);
}

RequestParser::Verdict RequestParser::take_meaning(std::string_view name, std::string_view value) {
  if (equal_without_case(name, "content-length")) return take_length(value);
  if (equal_without_case(name, "transfer-encoding")) transfer_encoding_ = true;
  if (equal_without_case(name, "expect")) expects_continue_ = equal_without_case(value, "100-continue");
  if (equal_without_case(name, "connection")) {
    says_close_ = says_close_ || list_contains(value, "close");
    says_keep_alive_ = says_keep_alive_ || list_contains(value, "keep-alive");
  }
  return {};
}

RequestParser::Verdict RequestParser::take_length(std::string_view value) {
  if (length_) return Fault{400, "more than one Content-Length"};
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (error != std::errc{} || end != value.data() + value.size())
    return Fault{400, "malformed Content-Length"};
  length_ = length;
  return {};
}

RequestParser::Verdict RequestParser::end_of_head() {
  if (transfer_encoding_ && length_) return Fault{400, "Content-Length beside Transfer-Encoding"};
  // RFC 9112 §6.3 allows to insist on a Content-Length; it shuts out smuggling by two readings of
  // one length.
  if (transfer_encoding_) return Fault{411, "Transfer-Encoding is not taken, a Content-Length is"};
  keep_alive_ = !says_close_ && (version_ == 11 || says_keep_alive_);
  part_ = Part::head_done;
  return {};
}

Request RequestParser::take_head() {
  Request request;
  request.method = method_of(verb_);
  request.headers = std::move(headers_);
  return request;
}

}  // namespace porchlight::http
