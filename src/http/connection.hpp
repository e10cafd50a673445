// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
// g++ 12 needs <utility> before asio.
#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/instruments.hpp"
#include "http/request_parser.hpp"
#include "porchlight/http/limits.hpp"
#include "porchlight/http/router.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::http {

class Connection;

// What connections share for the length of one Server::run().
struct Serving {
  const Router& router;
  const Limits& limits;
  Instruments& instruments;
  const telemetry::Logger& log;
  // Responders hold it too: an answer that comes after the server is gone must find a place to be
  // thrown away.
  std::shared_ptr<boost::asio::io_context> loop;
  std::function<void(Connection&)> ended;  // once per connection
};

// One client: read a request, hand it to its route, write the answer, again. Kept alive by its
// pending operations. Listener's thread only.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  Connection(Serving& serving, Socket socket, Peer peer);
  ~Connection();
  void start();
  void close();
  const Peer& peer() const noexcept { return peer_; }

 private:
  enum class Phase { idle, header, body, handling, writing, lingering, closed };

  void enter(Phase phase, std::chrono::milliseconds deadline);
  void on_deadline();
  void next_request();
  void read_more();
  void on_read(std::size_t size);
  void parse();
  void on_header();
  void on_complete();
  void dispatch();
  void answer(std::uint64_t ticket, Response response);
  void refuse(int status, std::string detail);
  void write(Response response);
  void on_written();
  void linger();
  void count_completed();
  void ask_for_body();

  Serving& serving_;
  Socket socket_;
  const Peer peer_;
  boost::asio::steady_timer timer_;

  Phase phase_ = Phase::idle;
  std::uint64_t timer_round_ = 0;  // tells a deadline from one that was replaced
  std::uint64_t ticket_ = 0;       // of the request being handled; an older answer is too late
  std::size_t served_ = 0;

  bool reading_ = false;
  std::array<char, 8192> chunk_{};
  std::string unparsed_;
  std::optional<RequestParser> parser_;

  // of the current request
  std::chrono::steady_clock::time_point begun_{};
  Request request_;
  const Route* route_ = nullptr;
  std::string allow_;
  bool routed_ = false;
  bool keep_alive_ = false;
  bool in_flight_ = false;
  int version_ = 11;
  int status_ = 0;
  std::string head_;
  std::string body_;
};

}  // namespace porchlight::http
