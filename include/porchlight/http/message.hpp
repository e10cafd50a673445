// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <any>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/event/id.hpp"
#include "porchlight/http/body.hpp"

namespace porchlight::http {

// The label set of http_requests_total; every other verb is `other`.
enum class Method : std::uint8_t { get, post, put, patch, del, head, options, other };

std::string_view to_string(Method method) noexcept;  // GET … OPTIONS, other
Method method_of(std::string_view verb) noexcept;    // verbs are case-sensitive (RFC 9110 §9.1)

// Where a request came in; a route names the listeners on which it exists. `metrics` is the second
// TCP address, which has /metrics and /health only.
enum class Listener : std::uint8_t { tcp, metrics, unix_socket };
inline constexpr std::size_t listener_count = 3;

// Who asks. uid, gid and pid are the kernel's word (SO_PEERCRED) and only there for unix_socket.
struct Peer {
  Listener listener = Listener::tcp;
  std::string address;  // IP address without port, the client's own when `proxy` vouches for it;
                        // `uid:<n>` on the Unix socket
  std::string proxy{};  // the trusted proxy that it came through; empty: none
  bool secure = false;  // TLS, here or (as it says) at the trusted proxy
  // Has loopback's exemptions: the machine itself asks, no trusted proxy is configured, and nothing
  // says that the request came through somebody.
  bool loopback = false;
  std::string_view scheme() const noexcept { return secure ? "https" : "http"; }
  ::uid_t uid = 0;
  ::gid_t gid = 0;
  ::pid_t pid = 0;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// One part of a form. Names and file names are the client's words: never a path of ours.
struct FormPart {
  std::string name;
  std::string file_name;
  std::string content_type;
  std::string_view bytes;  // in Request::body
};

struct Request {
  Method method = Method::get;
  std::string path;   // decoded, always begins with '/', no dot segments
  std::string query;  // as sent, without '?'
  HeaderList headers;
  std::string body;
  std::vector<FormPart> parts;                    // of a route that takes a form
  std::map<std::string, std::string> parameters;  // of the route template: {id}
  Peer peer;
  std::string request_id;        // X-Request-ID when it was well-formed, else X-Correlation-ID, else ours
  std::string correlation_id{};  // X-Correlation-ID when it was well-formed; empty: as request_id
  event::TraceContext trace;     // child of traceparent when there was one
  std::any identity;             // what the route's gate found out about the caller
  std::string asker{};           // the same for the access log: an id, never a name; empty: nobody known
  std::string session{};         // and the number of the caller's session; empty: none
  // What the gate reserved for this request: kept until it is answered, and by whom copied it.
  std::shared_ptr<const void> hold;

  // Names compare without case; empty when absent. The first of several.
  std::string_view header(std::string_view name) const;
  // All of them as the one list that they are (RFC 9110, 5.3); nothing when there is none.
  std::optional<std::string> header_list(std::string_view name) const;
  // Nothing when absent, and when two cookies of that name differ: one of them is not ours then.
  std::optional<std::string_view> cookie(std::string_view name) const;
  std::optional<std::string> query_value(std::string_view name) const;  // decoded
  const std::string& parameter(const std::string& name) const;          // empty when absent
  // Null when the gate attached nothing, or something else.
  template <class T>
  const T* identity_as() const noexcept {
    return std::any_cast<T>(&identity);
  }
};

// Date, Content-Length, Connection, X-Request-ID and the security headers are the server's; a
// Cache-Control or Content-Security-Policy named here replaces its own. At most one of the four last
// members is there, and then `body` is not used.
struct Response {
  int status = 200;
  HeaderList headers;
  std::string body;
  std::shared_ptr<const FileBody> file{};  // serve_file() makes one
  std::shared_ptr<const SharedBody> shared{};
  std::shared_ptr<const StreamBody> stream{};     // open_stream() makes one
  std::shared_ptr<const WebSocketBody> socket{};  // accept_websocket() makes one

  static Response json(int status, std::string body);
};

std::string_view reason_phrase(int status) noexcept;

// `%41` → `A`. Nothing for a broken escape or an encoded NUL.
std::optional<std::string> percent_decoded(std::string_view text);

// IMF-fixdate of RFC 9110 §5.6.7: Sun, 06 Nov 1994 08:49:37 GMT.
std::string http_date(WallTime time);

}  // namespace porchlight::http
