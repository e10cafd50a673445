// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/http/limits.hpp"
#include "porchlight/http/rejection.hpp"
#include "porchlight/http/router.hpp"
#include "porchlight/http/tls.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::http {

struct ServerOptions {
  std::string listen = "127.0.0.1:8000";   // port 0 takes a free one; empty: no TCP
  std::string metrics_listen{};            // a second address for /metrics and /health only; empty: none
  std::filesystem::path control_socket{};  // empty: none
  Limits limits{};
  std::shared_ptr<Credentials> credentials{};  // null: no TLS
  std::vector<std::string> trusted_proxies{};  // addresses and networks
  // Called for what is refused before its route's handler ran. On the threads of run() and run_metrics(), at
  // one time when it comes to that; must not wait.
  std::function<void(Rejection, const Peer&, std::string_view detail)> on_rejection{};
  bool access_log = false;   // a record for each request (docs/api.md), by the logger doorbell.api
  double access_sample = 1;  // the part of them that is written
};

// HTTP/1.1 on TCP addresses and a Unix socket, all of it on the thread that calls run() but for the metrics
// address, which has a thread of its own: what answers there (is_monitoring_path()) is asked on both. With
// credentials the first byte on TCP tells TLS from HTTP in the clear, and the latter is answered to the
// machine itself only and only for /metrics and /health; everybody else is sent to https. Without
// them, on an address that is not loopback, only trusted proxies and the machine itself are served.
class Server {
 public:
  // Binds all listeners. Fails with unsupported (an address not allowed yet), already_exists (another
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
  // The same for the metrics address, beside run(), so that a scrape is answered while that waits for a disk.
  void run_metrics(std::stop_token stop, Heartbeat& heartbeat);

  // Const after construction; any thread.
  std::uint16_t port() const noexcept;          // 0 without TCP
  std::uint16_t metrics_port() const noexcept;  // 0 without one
  const Router& router() const noexcept;

  struct State;

 private:
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::http
