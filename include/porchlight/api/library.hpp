// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "porchlight/api/accounts.hpp"
#include "porchlight/api/footage.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/live/feed.hpp"
#include "porchlight/live/hls.hpp"
#include "porchlight/live/picture_lane.hpp"
#include "porchlight/live/viewer.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::api {

// What a camera sees now.
struct CameraPicture {
  std::shared_ptr<const std::vector<std::uint8_t>> jpeg;
  WallTime taken{};
};

// The executor that `pipeline` made for reading. Jobs run one at a time on one thread, quick ones first;
// false: its queue is full.
struct LibraryPorts {
  using Job = std::function<void()>;
  std::function<bool(Job)> quick;  // a look into the database, a file to open
  std::function<bool(Job)> slow;   // a picture to encode
  // Library's thread. ErrorCode::unavailable when the camera shows none.
  std::function<Result<CameraPicture>(const std::string& camera)> picture;
  // Whether the database is there and migrated. Empty: it is.
  std::function<bool()> ready;
  FootagePorts footage{};
  // Any thread; does not wait. Shows a camera until the viewer leaves or the outlet is closed.
  std::function<std::shared_ptr<live::Viewer>(const std::string& camera, live::Quality, live::Outlet)>
      watch{};
  // The same as a row of JPEGs, so many a second.
  std::function<std::shared_ptr<live::PictureViewer>(const std::string& camera, int rate,
                                                     live::PictureOutlet)>
      watch_pictures{};
  // Any thread; does not wait. Answers a file of HLS, perhaps later.
  std::function<void(live::HlsRequest)> hls{};
};

// What is there to look at: events and their pictures out of the database and the files, the cameras'
// pictures of now, and those who are told of events as they come. It has a connection of its own that only
// reads.
class Library {
 public:
  // References outlive it.
  Library(std::filesystem::path folder, const Clock& clock, telemetry::Metrics& metrics, Accounts& accounts,
          LibraryPorts ports);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // Library's thread, about once a second. Opens the database (again, while that fails), and ends the streams
  // whose right has ended.
  void tick();
  // Any thread; does not wait. Who listens is told what is new in the event log.
  void events_changed();

  struct State;
  State& state() noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::api
