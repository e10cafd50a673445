// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/accounts_state.hpp"
#include "api/watching.hpp"
#include "porchlight/api/library.hpp"
#include "porchlight/http/responder.hpp"

namespace porchlight::api {

// Who looks at cameras as a row of JPEGs now: by what right, since when. Each viewing is on record when it
// begins and when it ends.
class MjpegDesk {
 public:
  using Watch = decltype(LibraryPorts::watch_pictures);
  static constexpr std::size_t of_account = 32;
  static constexpr std::size_t of_camera = 64;
  static constexpr std::size_t in_all = 128;

  MjpegDesk(Accounts::State& accounts, const Clock& clock, Watch watch)
      : accounts_(accounts), clock_(clock), watch_(std::move(watch)) {}

  // Any thread. The stream of the camera that the path names; 429: the account looks in too many places, 503:
  // too many look.
  http::Response open(const http::Request& request, const Caller& caller, int rate);

  // Library's thread.
  void end_those_without_right();

 private:
  struct Viewing : Watching {
    int rate = 0;
    std::shared_ptr<void> seat;
    std::shared_ptr<live::PictureViewer> viewer;  // from the opening on
  };
  struct Seats {
    std::mutex mutex;
    std::size_t all = 0;
    std::map<std::string, std::size_t> by_camera;
    std::map<std::string, std::size_t> by_account;
  };
  enum class Full { no, account, house };

  // A place, given back when its last copy goes.
  std::shared_ptr<void> take_seat(const std::string& account, const std::string& camera, Full& full);
  void begin(const std::shared_ptr<Viewing>& viewing, const http::Sink& sink);
  void end(const std::shared_ptr<Viewing>& viewing);

  Accounts::State& accounts_;
  const Clock& clock_;
  const Watch watch_;
  const std::shared_ptr<Seats> seats_ = std::make_shared<Seats>();
  std::mutex mutex_;
  std::vector<std::shared_ptr<Viewing>> viewings_;
};

}  // namespace porchlight::api
