// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "porchlight/http/message.hpp"

namespace porchlight::http {

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
