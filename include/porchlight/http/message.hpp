// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/event/id.hpp"

namespace porchlight::http {

// The label set of http_requests_total; every other verb is `other`.
enum class Method : std::uint8_t { get, post, put, patch, del, head, options, other };

std::string_view to_string(Method method) noexcept;  // GET … OPTIONS, other
Method method_of(std::string_view verb) noexcept;    // verbs are case-sensitive (RFC 9110 §9.1)

// Where a request came in; a route names the listeners on which it exists.
enum class Listener : std::uint8_t { tcp, unix_socket };

// Who asks. uid, gid and pid are the kernel's word (SO_PEERCRED) and only there for unix_socket.
struct Peer {
  Listener listener = Listener::tcp;
  std::string address;  // IP address without port; `uid:<n>` on the Unix socket
  ::uid_t uid = 0;
  ::gid_t gid = 0;
  ::pid_t pid = 0;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct Request {
  Method method = Method::get;
  std::string path;   // decoded, always begins with '/', no dot segments
  std::string query;  // as sent, without '?'
  HeaderList headers;
  std::string body;
  std::map<std::string, std::string> parameters;  // of the route template: {id}
  Peer peer;
  std::string request_id;     // X-Request-ID when it was well-formed, else ours
  event::TraceContext trace;  // child of traceparent when there was one

  // Names compare without case; empty when absent. The first of several.
  std::string_view header(std::string_view name) const;
  std::optional<std::string> query_value(std::string_view name) const;  // decoded
  const std::string& parameter(const std::string& name) const;          // empty when absent
};

// Date, Content-Length, Connection, X-Request-ID and the security headers are the server's; a
// Cache-Control named here replaces its `no-store`.
struct Response {
  int status = 200;
  HeaderList headers;
  std::string body;

  static Response json(int status, std::string body);
};

std::string_view reason_phrase(int status) noexcept;

// `%41` → `A`. Nothing for a broken escape or an encoded NUL.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace porchlight::http
