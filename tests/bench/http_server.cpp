// SPDX-License-Identifier: Apache-2.0
// The listener alone, for tests/bench/http_bench.py: http_bench_server FOLDER plain|tls. Serves the folder's
// files and event streams, prints its port, ends by a signal.
#include <sys/resource.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "porchlight/base/clock.hpp"
#include "porchlight/http/responder.hpp"
#include "porchlight/http/server.hpp"

using namespace porchlight;

namespace {

http::Route route(std::string path, http::Handler handler) {
  http::Route made;
  made.path = std::move(path);
  made.visibility = http::Visibility::everywhere;
  made.handler = std::move(handler);
  return made;
}

http::Router rooms(const std::filesystem::path& folder) {
  http::Router router;
  router.add(route("/file/{name}", [folder](const http::Request& request, const http::Responder& responder) {
    responder.send(
        http::serve_file(request, folder / "files", request.parameter("name"), "application/octet-stream"));
  }));
  router.add(route("/events", [](const http::Request&, const http::Responder& responder) {
    http::StreamBody body;
    body.opened = [](const http::Sink& sink) { sink.send(http::server_sent_event("hello", "{}")); };
    responder.send(http::open_stream(std::move(body)));
  }));
  return router;
}

bool allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || !allow_many_descriptors()) return 2;
  const std::filesystem::path folder = argv[1];
  const SystemClock clock;
  http::ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.limits.connections = options.limits.connections_per_peer = 4000;
  options.limits.requests_per_connection = 100'000'000;
  if (std::string(argv[2]) == "tls") {
    auto credentials = http::Credentials::create({.folder = folder / "tls"}, clock);
    if (!credentials) return std::fprintf(stderr, "%s\n", credentials.error().text().c_str()), 1;
    options.credentials = *credentials;
  }
  auto router = rooms(folder);
  telemetry::ClosedSets sets;
  sets.endpoints = router.templates();
  telemetry::Metrics metrics(sets);
  auto server = http::Server::create(std::move(options), std::move(router), metrics);
  if (!server) return std::fprintf(stderr, "%s\n", server.error().text().c_str()), 1;
  std::printf("%d\n", (*server)->port());
  std::fflush(stdout);
  Heartbeat heartbeat(clock);
  (*server)->run({}, heartbeat);
}
