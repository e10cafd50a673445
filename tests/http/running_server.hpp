// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "http/wire.hpp"
#include "porchlight/http/server.hpp"

namespace porchlight::http::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "porchlight-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline telemetry::ClosedSets closed(std::vector<std::string> endpoints) {
  telemetry::ClosedSets sets;
  sets.endpoints = std::move(endpoints);
  return sets;
}

// A real server on a port of its own and a socket in a folder of its own, running on a thread.
class RunningServer {
 public:
  explicit RunningServer(Router router, Limits limits = {}) : metrics(closed(router.templates())) {
    start(std::move(router), {.limits = limits});
  }
  // Where it listens is the server's own choice unless `options` says otherwise.
  RunningServer(Router router, ServerOptions options) : metrics(closed(router.templates())) {
    start(std::move(router), std::move(options));
  }
  // For routes that need the metrics themselves.
  template <class MakeRouter>
  RunningServer(std::vector<std::string> endpoints, MakeRouter make) : metrics(closed(std::move(endpoints))) {
    start(make(metrics), ServerOptions{});
  }
  ~RunningServer() { stop(); }

  void stop() {
    thread_.request_stop();
    metrics_thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    if (metrics_thread_.joinable()) metrics_thread_.join();
  }
  // A thread that was stopped runs the same server again.
  void again() {
    thread_ = std::jthread([this](std::stop_token token) { server->run(std::move(token), heartbeat); });
    if (server->metrics_port() == 0) return;
    metrics_thread_ = std::jthread(
        [this](std::stop_token token) { server->run_metrics(std::move(token), metrics_heartbeat); });
  }

  std::filesystem::path socket() const { return folder.path() / "control.sock"; }
  Wire tcp(const char* from = "127.0.0.1") const { return Wire::tcp(server->port(), from); }
  Wire control() const { return Wire::unix_socket(socket()); }

  TemporaryFolder folder;
  telemetry::Metrics metrics;
  SystemClock clock;
  Heartbeat heartbeat{clock};
  Heartbeat metrics_heartbeat{clock};
  std::unique_ptr<Server> server;

 private:
  void start(Router router, ServerOptions options) {
    if (options.listen == ServerOptions{}.listen) options.listen = "127.0.0.1:0";
    options.control_socket = socket();
    auto created = Server::create(std::move(options), std::move(router), metrics);
    if (!created) {
      ADD_FAILURE() << created.error().text();
      std::abort();
    }
    server = std::move(created).value();
    again();
  }

  std::jthread thread_;
  std::jthread metrics_thread_;
};

inline Route route(Method method, std::string path, Handler handler,
                   Visibility seen = Visibility::everywhere) {
  Route made;
  made.method = method;
  made.path = std::move(path);
  made.visibility = seen;
  made.handler = std::move(handler);
  return made;
}

// Answers at once with this text.
inline Handler says(std::string text) {
  return [text = std::move(text)](const Request&, const Responder& responder) {
    responder.send(Response{200, {{"Content-Type", "text/plain"}}, text});
  };
}

// Answers with the body of the request.
inline Handler echoes() {
  return [](const Request& request, const Responder& responder) {
    responder.send(Response{200, {}, request.body});
  };
}

}  // namespace porchlight::http::test
