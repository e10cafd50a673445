// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/http/message.hpp"

namespace porchlight::http {

// What a handler may answer with beside a text.

// A file of a folder: conditions, ranges and Content-Type are dealt with. 404 for what is not a
// regular file below `root`; no link is followed, on no part of the way.
Response serve_file(const Request& request, const std::filesystem::path& root, std::string_view name,
                    std::string_view content_type);
// The same for a file that is open already; its entity tag is made of its inode, size and time.
Response serve_file(const Request& request, std::shared_ptr<const UniqueFd> file,
                    std::string_view content_type);

// The same for a file that grows: only its first `bytes` are there, which do not change any more. Its entity
// tag is made of its inode and that number.
Response serve_beginning(const Request& request, const std::filesystem::path& root, std::string_view name,
                         std::string_view content_type, std::uint64_t bytes);

Response open_stream(StreamBody body, std::string_view content_type = "text/event-stream");
// One server-sent event; lines of `data` and an id that would break it are made harmless.
std::string server_sent_event(std::string_view event, std::string_view data, std::string_view id = {});

// 101, or what is wrong with the handshake: 400, 403 (Origin). A browser's Origin must be the
// host that was asked, or stand in `origins`; a client that sends none is no browser.
Response accept_websocket(const Request& request, WebSocketBody body,
                          const std::vector<std::string>& origins = {});

// The right to answer one request, once. Copies share it. Any thread, also after the client has
// left, the route's deadline has passed or the server is gone: then the answer goes nowhere.
// When the last copy dies unused, the client gets 503 instead of a silence.
class Responder {
 public:
  using Deliver = std::function<void(Response)>;  // called at most once, from any thread

  explicit Responder(Deliver deliver) : once_(std::make_shared<Once>(std::move(deliver))) {}

  // True for the first call.
  bool send(Response response) const { return once_->send(std::move(response)); }

 private:
  struct Once {
    explicit Once(Deliver to) : deliver(std::move(to)) {}
    ~Once() { send(unanswered()); }
    Once(const Once&) = delete;
    Once& operator=(const Once&) = delete;
    bool send(Response response) {
      if (sent.exchange(true, std::memory_order_acq_rel)) return false;
      deliver(std::move(response));
      return true;
    }
    const Deliver deliver;
    std::atomic<bool> sent{false};
  };
  static Response unanswered();

  std::shared_ptr<Once> once_;
};

}  // namespace porchlight::http
