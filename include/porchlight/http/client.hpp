// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::http {

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{5000};  // name look-up, TCP and TLS together
  std::chrono::milliseconds total_timeout{15000};   // of one request, connecting included
  std::string ca_file{};      // PEM; replaces the system's authorities. Verification is never off.
  std::string unix_socket{};  // connect here instead of to the URL's host
  std::string user_agent = "porchlight";
  std::size_t largest_body = 64 << 10;  // bytes that are kept of an answer
};

// One part of a multipart/form-data body. The bytes are borrowed for the call.
struct Part {
  std::string name;
  std::string content_type;
  std::string file_name;  // empty: a plain field
  std::string_view bytes;
};

// (http::Request and http::Response are the server's, message.hpp.)
struct ClientRequest {
  std::string method = "GET";
  std::string url;  // http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string content_type;  // of `body`
  std::string body;
  std::string_view borrowed_body;  // when not empty, instead of `body`; borrowed for the call
  std::vector<Part> parts;         // when not empty the body is multipart/form-data of these
  std::optional<std::chrono::milliseconds> timeout;  // of this request, instead of total_timeout
  // Answers a challenge for Digest (RFC 7616), and no other, once; empty user: none. The body is sent again.
  std::string digest_user{};
  std::string digest_password{};
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;                                          // its first largest_body bytes
  bool truncated = false;                                    // there was more; the rest was not read

  // The first header of that (lower-case) name, or empty.
  std::string_view header(std::string_view name) const;
};

// Sends one request at a time and keeps connections alive between them. Thread-bound. Redirects are
// not followed, proxies of the environment are not used, a URL's user and password never appear in
// an error's text.
//
// Names are looked up by a short-lived thread of libcurl (its threaded resolver); when the request is
// stopped or timed out first, that thread is left to end by itself. Numeric addresses start none.
class Client {
 public:
  static Result<Client> create(ClientOptions options);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Any complete answer is a success, whatever its status. Errors: timeout, network, auth (the
  // certificate was refused), invalid_argument (the URL), cancelled (stop was requested; returns
  // within milliseconds).
  Result<ClientResponse> send(const ClientRequest& request, std::stop_token stop);

  // Looks the name up, connects and, for https, verifies the certificate; sends no request. Errors as
  // send(), and not_found: the name has no address.
  Status connect(const std::string& url, std::stop_token stop);

  // Connections opened since create(); equal over two requests means keep-alive worked.
  std::uint64_t connections_opened() const noexcept;

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The connections of all clients of the process: in a request at this moment, or kept for the next one. Any
// thread.
struct ClientConnections {
  std::int64_t active = 0;
  std::int64_t idle = 0;
};
ClientConnections client_connections() noexcept;

// The URL without user, password, path and query: what may be printed.
std::string printable_origin(std::string_view url);

}  // namespace porchlight::http
