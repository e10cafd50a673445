// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/http/limits.hpp"
#include "porchlight/http/router.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::http {

struct ServerOptions {
  std::string listen = "127.0.0.1:8000";  // loopback only; port 0 takes a free one; empty: no TCP
  std::filesystem::path control_socket;   // empty: none
  Limits limits;
};

// HTTP/1.1 on a TCP address and a Unix socket, all of it on the thread that calls run().
class Server {
 public:
  // Binds both listeners. Fails with unsupported (not a loopback address), already_exists (another
  // program answers at the port or the socket), invalid_argument, permission_denied or io. A socket file
  // that nobody answers is replaced. `metrics` outlives the server and was given
  // router.templates() as its endpoints.
  static Result<std::unique_ptr<Server>> create(ServerOptions options, Router router,
                                                telemetry::Metrics& metrics);
  // Removes the socket file if it is still ours.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves until stopped, then drops all connections. May be called again after it returned: the
  // listeners stay bound until the server is destroyed.
  void run(std::stop_token stop, Heartbeat& heartbeat);

  // Const after construction; any thread.
  std::uint16_t port() const noexcept;  // 0 without TCP
  const Router& router() const noexcept;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::http
