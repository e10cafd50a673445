// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/http/client.hpp"
#include "porchlight/notify/channel.hpp"

namespace porchlight::notify {

// The server that a channel talks to.
struct Destination {
  std::string url;  // http or https; of it only scheme, host and port are ever printed
  http::ClientOptions client{};
  std::vector<std::string> secrets{};  // masked wherever the other side repeats them
};

// Sends a channel's requests and says what their answers mean: the one judgement of every channel that
// speaks HTTP. Thread-bound.
class Courier {
 public:
  static Result<Courier> create(Destination destination, const Clock& clock);

  const std::string& url() const noexcept { return destination_.url; }

  // Before the first request of a delivery: all of its requests together may take the channel's timeout.
  void begin();
  // Any complete answer, whatever its status; errors as http::Client, without secrets.
  Result<http::ClientResponse> send(http::ClientRequest request, std::stop_token stop);

  // 2xx delivered; 408, 425, 429 and 5xx tried again, when the server says so; any other answer, a
  // redirect too, refused. `words`: what the server said about it.
  Delivery judge(const http::ClientResponse& response, std::string_view words) const;
  // The same with the body's words, if it has any that a person can read.
  Delivery judge(const http::ClientResponse& response) const { return judge(response, response.body); }
  // Of a request that got no answer. All but a request that was none is tried again: a certificate too
  // may be mended while the message is still worth something.
  static Delivery unanswered(const Error& error);
  // Of a 2xx by something that is not the service (a hotspot's page, a proxy): tried again.
  Delivery not_understood(const http::ClientResponse& response, std::string_view expected) const;

  // Name, TCP, TLS with the destination's own authorities.
  Status reach(std::stop_token stop) { return client_.connect(destination_.url, std::move(stop)); }

  // What a stranger wrote, fit for one line of a log: without secrets and control characters, whole
  // UTF-8, 200 bytes at most. Empty for markup.
  std::string quotable(std::string_view words) const;

 private:
  Courier(Destination destination, http::Client client, const Clock& clock);
  std::string about(const http::ClientResponse& response, std::string_view words) const;
  std::string masked(std::string text) const;

  Destination destination_;
  http::Client client_;
  const Clock* clock_;
  MonotonicTime deadline_{};
};

}  // namespace porchlight::notify
