// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
// g++ 12 needs <utility> before asio.
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/access_log.hpp"
#include "http/instruments.hpp"
#include "http/output.hpp"
#include "http/pipe.hpp"
#include "http/proxies.hpp"
#include "http/request_parser.hpp"
#include "http/stream.hpp"
#include "http/websocket_frame.hpp"
#include "porchlight/http/limits.hpp"
#include "porchlight/http/router.hpp"
#include "porchlight/http/tls.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::http {

class Connection;

// What connections share for the length of one Server::run().
struct Serving {
  const Router& router;
  const Limits& limits;
  Instruments& instruments;
  const telemetry::Logger& log;
  const AccessLog& access_log;
  const Credentials* credentials;  // null: no TLS
  const TrustedProxies& proxies;
  // In the clear on an address that others reach: only through a proxy that does TLS for us.
  bool only_through_proxies;
  const std::function<void(Rejection, const Peer&, std::string_view)>& on_rejection;
  // Responders hold it too: an answer that comes after the server is gone must find a place to be
  // thrown away.
  std::shared_ptr<boost::asio::io_context> loop;
  std::function<void(Connection&)> ended;  // once per connection
  std::vector<char> scratch;               // one for all: nobody keeps bytes in it between two events
};

// One client: read a request, hand it to its route, write the answer, again; or keep a stream open.
// Kept alive by its pending operations. Listener's thread only.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  Connection(Serving& serving, Socket socket, Peer peer);
  ~Connection();
  void start();
  void close();
  const Peer& peer() const noexcept { return peer_; }

 private:
  enum class Phase : std::uint8_t {
    greeting,  // TLS or not, and its handshake
    idle,
    header,
    body,
    handling,
    writing,
    streaming,
    lingering,
    closed
  };
  using Step = void (Connection::*)();

  // An answer that does not end by itself.
  struct Streaming {
    std::shared_ptr<Pipe> pipe;
    std::shared_ptr<const StreamBody> events;
    std::shared_ptr<const WebSocketBody> socket;
    std::optional<WebSocketReader> reader;
    std::uint16_t close_code = 1006;
    bool ending = false;      // closes when everything is out
    bool moved = false;       // bytes went out since the last look
    bool unanswered = false;  // a ping waits for its pong
  };

  // connection.cpp: deadlines and reading
  void enter(Phase phase, std::chrono::milliseconds deadline);
  void arm();
  void on_alarm();
  void on_deadline();
  void await(Attempt::Outcome need, Step next);
  void on_first_byte();
  void shake_hands();
  void begin();
  void next_request();
  void read_more();
  void on_readable();
  void on_read(std::string_view bytes);
  void discard();
  void parse();

  // connection_request.cpp: from the head to the answer
  void on_header();
  bool is_welcome();
  void find_route(std::string_view path);
  std::optional<Response> refused_by_gate();
  void count_refusal_of_body(int status);
  void accept_body();
  void on_complete();
  void answer_unrouted();
  void dispatch();
  void answer(std::uint64_t ticket, Response response);
  void refuse(Rejection reason, int status, std::string detail);
  void refuse(int status, std::string detail);

  // connection_output.cpp: what goes out
  void write(Response response);
  void queue(Response response);
  void await_reader();
  void ask_for_body();
  void flush();
  void on_flushed();
  void count();
  void count_completed(bool aborted = false);
  void record(bool aborted);
  void linger();

  // connection_stream.cpp: answers that stay open
  template <class Call>
  void guarded(Call call);
  void open_stream(const Response& response);
  std::shared_ptr<Pipe> make_pipe(std::size_t limit);
  void take_from_pipe();
  void on_stream_bytes(std::string_view bytes);
  void read_frames();
  void on_frame(WebSocketReader::Step step);
  void say_farewell(std::uint16_t code, std::uint16_t reported);
  void keep_alive();
  void forget_stream();

  Serving& serving_;
  Socket socket_;
  Stream stream_;
  const Peer peer_;
  boost::asio::steady_timer timer_;

  Phase phase_ = Phase::greeting;
  bool armed_ = false;
  bool reading_ = false;
  bool flushing_ = false;
  bool keep_alive_ = false;
  bool in_flight_ = false;
  std::chrono::steady_clock::time_point deadline_{};
  std::chrono::steady_clock::time_point armed_for_{};
  std::uint64_t timer_round_ = 0;  // tells an alarm from one that was replaced
  std::uint64_t ticket_ = 0;       // of the request being handled; an older answer is too late
  std::uint64_t written_ = 0;      // bytes of the answer that went out since its last deadline
  std::size_t served_ = 0;

  std::string unparsed_;
  Output output_;
  std::unique_ptr<Streaming> streaming_;

  // Of the current request; not there while none is being read or answered, which is most of the time.
  struct Current {
    explicit Current(const Limits& limits) : parser(limits) {}
    RequestParser parser;
    Request request;
    const Route* route = nullptr;
    std::string allow;
    std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
    int version = 11;
    int status = 0;
    std::uint64_t sent = 0;  // bytes of the answer that went out
    std::chrono::steady_clock::time_point out_by = std::chrono::steady_clock::time_point::max();
    std::function<bool()> is_over{};
    bool recorded = false;
  };
  std::unique_ptr<Current> current_;
};

}  // namespace porchlight::http
