// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/server.hpp"

#include <fcntl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <vector>

#include "http/accept.hpp"
#include "http/connection.hpp"
#include "http/listen.hpp"
#include "http/proxies.hpp"
#include "http/roster.hpp"

namespace porchlight::http {

namespace asio = boost::asio;
using ErrorCodeOfAsio = boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds beat_interval{500};
constexpr std::chrono::milliseconds exhausted_pause{100};
constexpr std::size_t scratch_bytes = 64 * 1024;

}  // namespace

struct Server::State {
  State(ServerOptions given, Router table, telemetry::Metrics& registry)
      : options(std::move(given)),
        router(std::move(table)),
        access_log(options.access_log, options.access_sample),
        instruments(registry, router, Instruments::Routes::all),
        metrics_instruments(registry, router, Instruments::Routes::monitoring) {}

  // const after create()
  ServerOptions options;
  Router router;
  const telemetry::Logger log{"doorbell.http", telemetry::Component::api};
  const AccessLog access_log;
  TrustedProxies proxies;
  bool only_through_proxies = false;
  UniqueFd tcp;
  UniqueFd metrics;
  SocketFile control;
  // run()'s thread
  Instruments instruments;
  // run_metrics()'s thread
  Instruments metrics_instruments;
};

namespace {

// One run() or run_metrics() of the server: everything that lives on its loop.
class Session {
 public:
  Session(const Server::State& state, Instruments& instruments, Heartbeat& heartbeat)
      : roster_(state.options.limits, state.proxies),
        serving_{state.router,
                 state.options.limits,
                 instruments,
                 state.log,
                 state.access_log,
                 state.options.credentials.get(),
                 state.proxies,
                 state.only_through_proxies,
                 state.options.on_rejection,
                 std::make_shared<asio::io_context>(1),
                 [this](Connection& connection) { leave(connection); },
                 std::vector<char>(scratch_bytes)},
        heartbeat_(heartbeat),
        beat_timer_(*serving_.loop) {}

  void listen(int fd, Listener listener) {
    if (fd < 0) return;
    // A duplicate, because the listening socket outlives this run.
    auto& door = doors_.emplace_back(
        std::make_unique<Door>(*serving_.loop, ::fcntl(fd, F_DUPFD_CLOEXEC, 0), listener));
    await_client(*door);
  }

  void run(std::stop_token stop) {
    auto& loop = *serving_.loop;
    const std::stop_callback on_stop(stop, [&loop] { loop.stop(); });
    beat();
    // A thrown exception must not leave connections behind that point at this object.
    struct Ending {
      Session& session;
      ~Ending() { session.drop_everyone(); }
    } ending{*this};
    if (!stop.stop_requested()) loop.run();
  }

 private:
  struct Door {
    Door(asio::io_context& loop, int fd, Listener kind) : descriptor(loop, fd), pause(loop), listener(kind) {}
    asio::posix::stream_descriptor descriptor;
    asio::steady_timer pause;
    const Listener listener;
    bool told = false;  // one line per shortage
  };

  void beat() {
    heartbeat_.beat();
    beat_timer_.expires_after(beat_interval);
    beat_timer_.async_wait([this](ErrorCodeOfAsio error) {
      if (!error) beat();
    });
  }

  void await_client(Door& door) {
    door.descriptor.async_wait(asio::posix::descriptor_base::wait_read, [this, &door](ErrorCodeOfAsio error) {
      if (!error) welcome(door);
    });
  }

  void welcome(Door& door) {
    Accepted accepted;
    for (int burst = 0; burst < 16; ++burst) {
      const auto outcome = accept_one(door.descriptor.native_handle(), door.listener, accepted);
      if (outcome == AcceptOutcome::nobody) break;
      if (outcome == AcceptOutcome::exhausted) return pause(door);
      door.told = false;
      seat(std::move(accepted));
    }
    await_client(door);
  }

  void pause(Door& door) {
    if (!std::exchange(door.told, true)) serving_.log.warning("out of descriptors, clients wait");
    door.pause.expires_after(exhausted_pause);
    door.pause.async_wait([this, &door](ErrorCodeOfAsio error) {
      if (!error) await_client(door);
    });
  }

  void seat(Accepted accepted) {
    if (!roster_.has_place(accepted.peer)) {
      serving_.instruments.rejected(Rejection::rate_limited);
      if (serving_.on_rejection)
        serving_.on_rejection(Rejection::rate_limited, accepted.peer, "too many connections");
      return turn_away(std::move(accepted.fd));
    }
    const asio::generic::stream_protocol protocol(accepted.family, 0);
    Connection::Socket socket(*serving_.loop, protocol, accepted.fd.get());
    accepted.fd.release();
    const auto connection = std::make_shared<Connection>(serving_, std::move(socket), accepted.peer);
    roster_.enter(*connection, accepted.peer);
    count();
    connection->start();
  }

  void leave(Connection& connection) {
    roster_.leave(connection, connection.peer());
    count();
  }

  void count() {
    serving_.instruments.connections(roster_.count(Listener::tcp) + roster_.count(Listener::metrics));
  }

  // Closes all sockets and lets the aborted operations run out, so that no connection outlives us.
  void drop_everyone() {
    for (auto& door : doors_) {
      ErrorCodeOfAsio ignored;
      door->descriptor.close(ignored);
      door->pause.cancel(ignored);
    }
    beat_timer_.cancel();
    const std::vector<Connection*> everyone(roster_.all().begin(), roster_.all().end());
    for (auto* connection : everyone) connection->close();
    serving_.loop->restart();
    serving_.loop->poll();
  }

  Roster roster_;
  Serving serving_;
  Heartbeat& heartbeat_;
  asio::steady_timer beat_timer_;
  std::vector<std::unique_ptr<Door>> doors_;
};

}  // namespace

namespace {

Result<TrustedProxies> parse_proxies(const std::vector<std::string>& texts) {
  std::vector<Network> networks;
  for (const auto& text : texts) {
    const auto network = parse_network(text);
    if (!network)
      return Error(ErrorCode::invalid_argument, "trusted proxy '" + text + "' is no address or network");
    networks.push_back(*network);
  }
  return TrustedProxies(std::move(networks));
}

Status open_door(const std::string& listen, UniqueFd& door) {
  if (listen.empty()) return {};
  auto fd = listen_tcp(listen);
  if (!fd) return std::move(fd).error();
  door = std::move(fd).value();
  return {};
}

bool reaches_others(const std::string& listen) {
  const auto address = parse_listen_address(listen);
  return address.ok() && !address->is_loopback();
}

}  // namespace

Result<std::unique_ptr<Server>> Server::create(ServerOptions options, Router router,
                                               telemetry::Metrics& metrics) {
  auto proxies = parse_proxies(options.trusted_proxies);
  if (!proxies) return std::move(proxies).error();
  auto state = std::make_unique<State>(std::move(options), std::move(router), metrics);
  const auto& given = state->options;
  state->proxies = std::move(*proxies);
  state->only_through_proxies =
      !given.credentials && (reaches_others(given.listen) || reaches_others(given.metrics_listen));
  if (state->only_through_proxies && state->proxies.empty())
    return Error(
        ErrorCode::unsupported,
        "listen on '" + given.listen + "' without TLS: only on loopback or behind server.trusted_proxies");
  if (auto status = open_door(given.listen, state->tcp); !status) return std::move(status).error();
  if (auto status = open_door(given.metrics_listen, state->metrics); !status)
    return std::move(status).error();
  if (!given.control_socket.empty()) {
    auto control = SocketFile::listen(given.control_socket);
    if (!control) return std::move(control).error();
    state->control = std::move(control).value();
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

void Server::run(std::stop_token stop, Heartbeat& heartbeat) {
  Session session(*state_, state_->instruments, heartbeat);
  session.listen(state_->tcp.get(), Listener::tcp);
  session.listen(state_->control.fd(), Listener::unix_socket);
  session.run(std::move(stop));
}

void Server::run_metrics(std::stop_token stop, Heartbeat& heartbeat) {
  Session session(*state_, state_->metrics_instruments, heartbeat);
  session.listen(state_->metrics.get(), Listener::metrics);
  session.run(std::move(stop));
}

std::uint16_t Server::port() const noexcept {
  return state_->tcp ? bound_port(state_->tcp.get()) : std::uint16_t{0};
}
std::uint16_t Server::metrics_port() const noexcept {
  return state_->metrics ? bound_port(state_->metrics.get()) : std::uint16_t{0};
}
const Router& Server::router() const noexcept {
  return state_->router;
}

}  // namespace porchlight::http
