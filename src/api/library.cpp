// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/library.hpp"

#include <utility>

#include "api/library_state.hpp"

namespace porchlight::api {
namespace {

constexpr const char* unreadable = "the database cannot be read at this moment; the journal says why";

}  // namespace

Library::State::State(std::filesystem::path where, const Clock& time, telemetry::Metrics& instruments,
                      Accounts& known, LibraryPorts given)
    : folder(std::move(where)),
      clock(time),
      metrics(instruments),
      accounts(known.state()),
      ports(std::move(given)),
      looks(accounts, time),
      feed(accounts,
           [this](Pace pace) {
             return (pace == Pace::quick ? ports.quick : ports.slow)([this] { feed_listeners(); });
           }),
      live(accounts, time, ports.watch),
      mjpeg(accounts, time, ports.watch_pictures),
      hls(accounts, time, ports.hls, instruments),
      clips(folder, ports.footage, clock),
      footage(folder / "footage.db", instruments) {}

Status Library::State::open() {
  if (opened) return {};
  if (ports.ready && !ports.ready()) return Error(ErrorCode::unavailable, "the database is not open yet");
  auto database =
      store::Database::open(folder / "porchlight.db", {.mode = store::OpenMode::read_only}, &metrics);
  if (!database) return std::move(database).error();
  store::EventLog events(**database);
  opened.emplace(OpenLibrary{std::move(*database), events});
  return {};
}

void Library::State::note_failure(const Error& error) {
  opened.reset();
  if (std::exchange(last_fault, error.text()) == error.text()) return;
  log.error("the event log cannot be read, trying again", {{"fault", error.text()}});
}

void Library::State::feed_listeners() {
  live.end_those_without_right();
  mjpeg.end_those_without_right();
  hls.end_those_who_left();
  // At a start the store lane is still opening and migrating: that is no fault.
  if (!opened && ports.ready && !ports.ready()) return feed.end_those_without_right();
  auto status = open();
  if (status) status = feed.pump(opened->events);
  if (status) return last_fault.clear();
  feed.end_those_without_right();
  note_failure(status.error());
}

Library::Library(std::filesystem::path folder, const Clock& clock, telemetry::Metrics& metrics,
                 Accounts& accounts, LibraryPorts ports)
    : state_(std::make_unique<State>(std::move(folder), clock, metrics, accounts, std::move(ports))) {}
Library::~Library() = default;

void Library::tick() {
  state_->clips.tick();
  state_->feed_listeners();
}

void Library::events_changed() {
  state_->feed.wake();
}

http::Response busy(const char* why, const event::TraceContext& trace) {
  auto response = http::problem_response({.status = 503, .detail = why}, trace);
  response.headers.emplace_back("Retry-After", "2");
  return response;
}

void run_later(Library::State& library, const http::Request& request, const http::Responder& responder,
               LaterJob job) {
  const bool taken = library.ports.quick([&library, job = std::move(job), responder, trace = request.trace] {
    auto status = library.open();
    if (status) status = job(*library.opened);
    if (status) return;
    library.note_failure(status.error());
    responder.send(busy(unreadable, trace));
  });
  if (!taken) responder.send(busy("too many are asking at this moment", request.trace));
}

void run(Library::State& library, Pace pace, const http::Request& request, const http::Responder& responder,
         LibraryJob job) {
  const auto& submit = pace == Pace::slow ? library.ports.slow : library.ports.quick;
  const bool taken = submit([&library, job = std::move(job), responder, trace = request.trace] {
    if (auto status = library.open(); !status) {
      library.note_failure(status.error());
      responder.send(busy(unreadable, trace));
      return;
    }
    auto response = job(*library.opened);
    if (!response) library.note_failure(response.error());
    responder.send(response ? std::move(*response) : busy(unreadable, trace));
  });
  if (!taken) responder.send(busy("too many are looking at this moment", request.trace));
}

}  // namespace porchlight::api
