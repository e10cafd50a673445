// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/accounts_state.hpp"
#include "api/camera_pictures.hpp"
#include "api/clip_desk.hpp"
#include "api/event_feed.hpp"
#include "api/hls_desk.hpp"
#include "api/live_desk.hpp"
#include "api/looks.hpp"
#include "api/mjpeg_desk.hpp"
#include "porchlight/api/footage_shelf.hpp"
#include "porchlight/api/library.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/store/event_log.hpp"

namespace porchlight::api {

// What a job on the library's thread works with. The connection only reads.
struct OpenLibrary {
  std::unique_ptr<store::Database> database;
  store::EventLog events;
};

struct Library::State {
  State(std::filesystem::path where, const Clock& time, telemetry::Metrics& instruments, Accounts& known,
        LibraryPorts given);

  // library's thread
  Status open();
  // A connection that failed is opened anew: the file may be another one by now.
  void note_failure(const Error& error);
  void feed_listeners();

  // const after construction
  const std::filesystem::path folder;
  const Clock& clock;
  telemetry::Metrics& metrics;
  Accounts::State& accounts;
  const LibraryPorts ports;
  const telemetry::Logger log{"doorbell.library", telemetry::Component::api};
  // any thread
  Looks looks;
  EventFeed feed;
  LiveDesk live;
  MjpegDesk mjpeg;
  HlsDesk hls;
  CameraPictures pictures;
  ClipDesk clips;
  // library's thread
  std::optional<OpenLibrary> opened;
  FootageShelf footage;
  std::string last_fault;
};

// One job of a route: runs on the library's thread with the database open, and answers. An Error is the
// database's: it is logged, and the answer is 503.
using LibraryJob = std::function<Result<http::Response>(OpenLibrary&)>;
// 503 with Retry-After when the queue is full or the database is not open.
void run(Library::State& library, Pace pace, const http::Request& request, const http::Responder& responder,
         LibraryJob job);

// The same for a job that answers by itself, perhaps later and from elsewhere. An Error is the database's,
// and then the job has not answered.
using LaterJob = std::function<Status(OpenLibrary&)>;
void run_later(Library::State& library, const http::Request& request, const http::Responder& responder,
               LaterJob job);

http::Response busy(const char* why, const event::TraceContext& trace);

}  // namespace porchlight::api
