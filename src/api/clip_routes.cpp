// SPDX-License-Identifier: Apache-2.0
// Footage as one file: of an interval, and of an event.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/account_routes.hpp"
#include "api/footage_routes.hpp"
#include "api/look_routes.hpp"
#include "api/paths.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using http::Request;
using http::Responder;
using http::Response;

constexpr const char* still_recording = "urn:porchlight:problem:still-recording";
// Of thirty minutes of one camera; a segment lasts a minute most often, some end early.
constexpr std::size_t most_segments = 4096;
constexpr std::size_t most_gaps = 32;
// The index learns every 10 s how far a segment has come; when it has not said so for much longer, no more
// comes.
constexpr auto most_behind = 60s;
constexpr auto next_news = 10s;

// Who asks for what, from the query to the answer.
struct Asked {
  Request request;
  Caller caller;
  Responder responder;
  std::string camera;
  Interval interval;
  std::string thing;  // for the record of who looked at what
  ClipKind kind;
};

// What the last part of the interval still lacks, when it is being recorded at this moment.
std::optional<WallTime> complete_at(const Interval& interval, const std::vector<store::Segment>& segments,
                                    WallTime now) {
  if (interval.to > now) return interval.to + next_news;
  const bool open = !segments.empty() && segments.back().state == store::SegmentState::open &&
                    segments.back().end && *segments.back().end < interval.to;
  return open && now - interval.to < most_behind ? std::optional(now + next_news) : std::nullopt;
}

Response not_yet(const Request& request, WallTime when, WallTime now) {
  auto response = http::problem_response(
      {.status = 409, .detail = "the end of this is still being recorded", .type = still_recording},
      request.trace);
  const auto wait = std::chrono::ceil<std::chrono::seconds>(when - now).count();
  response.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, wait)));
  return response;
}

// What the desk says names no place on the disk, and of what others said only the code is passed on.
Response refused(const Error& error, const Request& request) {
  switch (error.code()) {
    case ErrorCode::not_found:
      return refusal(404, "nothing of this can be found", request);
    case ErrorCode::unsupported:
      return refusal(400, error.text(), request);
    case ErrorCode::timeout:
    case ErrorCode::unavailable:
      return busy(error.text().c_str(), request.trace);
    default:
      return busy("the footage cannot be read at this moment; the journal says why", request.trace);
  }
}

void answer(Library::State& library, const Asked& asked, const Result<std::string>& clip) {
  if (!clip) {
    const auto code = clip.error().code();
    if (code != ErrorCode::not_found && code != ErrorCode::unsupported && code != ErrorCode::timeout &&
        code != ErrorCode::unavailable)
      library.log.error("a clip could not be made",
                        {{"camera_id", asked.camera}, {"fault", clip.error().text()}});
    return void(asked.responder.send(refused(clip.error(), asked.request)));
  }
  auto response = http::serve_file(asked.request, library.clips.folder(), *clip, content_type_of(*clip));
  if (response.status < 400) library.looks.note(asked.request, asked.caller, asked.thing);
  asked.responder.send(std::move(response));
}

// Library's thread. Answers, or has it answered by the desk. An Error is the index's.
Status serve(Library::State& library, store::SegmentIndex* index, const Asked& asked) {
  const auto nothing = [&](const std::vector<store::Gap>& gaps) {
    asked.responder.send(refusal(404, why_missing(asked.camera, gaps), asked.request));
  };
  if (index == nullptr) return nothing({}), Status();
  auto segments = segments_of(*index, asked.camera, asked.interval, most_segments + 1);
  if (!segments) return std::move(segments).error();
  const auto now = library.clock.wall();
  if (const auto when = complete_at(asked.interval, *segments, now))
    return asked.responder.send(not_yet(asked.request, *when, now)), Status();
  if (segments->empty()) {
    const auto gaps = gaps_of(*index, asked.camera, asked.interval, most_gaps);
    if (!gaps) return gaps.error();
    return nothing(*gaps), Status();
  }
  if (segments->size() > most_segments)
    return asked.responder.send(
               refusal(400, "the interval has too many pieces; ask for a shorter one", asked.request)),
           Status();
  library.clips.make({asked.camera, asked.interval.from, asked.interval.to, std::move(*segments), asked.kind},
                     [&library, asked](const Result<std::string>& clip) { answer(library, asked, clip); });
  return {};
}

void serve_or_say(Library::State& library, const Asked& asked) {
  auto index = library.footage.index();
  auto status = index ? serve(library, *index, asked) : Status(std::move(index).error());
  if (!status) asked.responder.send(unreadable(library, status.error(), asked.request.trace));
}

void interval(Library::State& library, const Request& request, const Caller& caller,
              const Responder& responder) {
  Query query(request, {"camera", "from", "to"});
  const auto wish = footage_wish_of(query, library.clips.limits().longest);
  if (auto refusal = refusal_of(library, request, caller, query, wish.camera))
    return void(responder.send(std::move(*refusal)));
  const auto thing = request.path + "?camera=" + wish.camera + "&from=" + rfc3339(wish.interval.from) +
                     "&to=" + rfc3339(wish.interval.to);
  run_later(library, request, responder,
            [&library, asked = Asked{request, caller, responder, wish.camera, wish.interval, thing,
                                     ClipKind::interval}](OpenLibrary&) -> Status {
              serve_or_say(library, asked);
              return {};
            });
}

// From before it began until after it ended; of one that has not ended, its beginning.
Interval interval_of(const store::LoggedEvent& event, const FootagePorts::Rolls& rolls,
                     std::chrono::minutes longest) {
  const auto object = nlohmann::json::parse(event.json, nullptr, false);
  auto end = event.at;
  if (object.is_object())
    if (const auto said = object.find("end"); said != object.end() && said->is_string())
      end = std::max(end, parse_rfc3339(said->get_ref<const std::string&>()).value_or(end));
  const auto from = event.at - rolls.before;
  return {from, std::min(end + rolls.after, from + longest)};
}

void event_clip(Library::State& library, const Request& request, const Caller& caller,
                const Responder& responder) {
  Query query(request, {});
  if (auto refusal = query.refusal(request)) return void(responder.send(std::move(*refusal)));
  run_later(library, request, responder, [=, &library](OpenLibrary& open) -> Status {
    const auto event = find_event(library, open, request, caller);
    if (!event) return event.error();
    if (!*event) return responder.send(refusal(404, "there is no such event", request)), Status();
    const auto& found = **event;
    if (found.camera_id.empty())
      return responder.send(refusal(404, "this event has no camera", request)), Status();
    const auto& rolls = library.ports.footage.rolls;
    serve_or_say(library,
                 {request, caller, responder, found.camera_id,
                  interval_of(found, rolls ? rolls() : FootagePorts::Rolls{}, library.clips.limits().longest),
                  request.path, ClipKind::event});
    return {};
  });
}

}  // namespace

void add_clip_routes(Guard& guard, Library::State& library) {
  const auto viewers = Access::from(store::Role::viewer, Scope::view);
  const auto add = [&](const char* path, auto handler) {
    guard.add({.method = http::Method::get,
               .path = path,
               .statuses = {200, 206, 304, 400, 404, 409, 416, 503},
               .answer = library.clips.limits().answer},
              viewers,
              [&library, handler](const Request& request, const Caller& caller, const Responder& responder) {
                handler(library, request, caller, responder);
              });
  };
  add(paths::footage_video, interval);
  add(paths::event_clip, event_clip);
}

}  // namespace porchlight::api
