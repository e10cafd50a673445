// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/accounts_state.hpp"
#include "api/watching.hpp"
#include "porchlight/api/library.hpp"
#include "porchlight/http/responder.hpp"

namespace porchlight::api {

// Who watches cameras now: by what right, since when. Each viewing is on record when it begins and when it
// ends.
class LiveDesk {
 public:
  using Watch = decltype(LibraryPorts::watch);

  LiveDesk(Accounts::State& accounts, const Clock& clock, Watch watch)
      : accounts_(accounts), clock_(clock), watch_(std::move(watch)) {}

  // Any thread. 101, or what is wrong with the handshake.
  http::Response open(const http::Request& request, const Caller& caller, live::Quality quality);

  // Library's thread.
  void end_those_without_right();

 private:
  struct Viewing : Watching {
    std::shared_ptr<live::Viewer> viewer;  // from the opening on; null: it found no seat
  };

  // False: the account watches as much as it may already.
  bool take_seat(const std::shared_ptr<Viewing>& viewing, live::Quality quality,
                 const http::WebSocket& socket);
  void begin(const std::shared_ptr<Viewing>& viewing, live::Quality quality, const http::WebSocket& socket);
  void end(const std::shared_ptr<Viewing>& viewing);

  Accounts::State& accounts_;
  const Clock& clock_;
  const Watch watch_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Viewing>> viewings_;
};

}  // namespace porchlight::api
