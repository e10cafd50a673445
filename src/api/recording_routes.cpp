// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>
#include <utility>

#include "api/account_routes.hpp"
#include "api/digest.hpp"
#include "api/footage_routes.hpp"
#include "api/paths.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using http::Request;
using http::Responder;
using http::Response;

constexpr std::int64_t default_limit = 100;
constexpr std::int64_t largest_limit = 500;
constexpr std::int64_t longest_into = 24 * 3600 * 1000;
constexpr std::int64_t default_width = 320;

// What the next page begins before. The number in front is that of the format.
constexpr std::string_view cursor_format = "1.";

std::int64_t position_of(Query& query) {
  const auto cursor = query.text("cursor");
  if (!cursor) return 0;
  const auto text = from_base64url(*cursor);
  if (text && text->starts_with(cursor_format))
    if (const auto id = whole_number(std::string_view(*text).substr(cursor_format.size())); id && *id > 0)
      return *id;
  query.fault("parameter 'cursor' is the next_cursor of another page");
  return 0;
}

// The newest of the cameras that the caller may see, each camera's by itself: an index that knows one camera
// or all of them.
Result<std::vector<store::Segment>> newest(store::SegmentIndex& index, const store::CameraRights& rights,
                                           store::FootageFilter filter) {
  if (!filter.camera_id.empty() || rights.all) return index.segments(filter);
  std::vector<store::Segment> found;
  for (const auto& camera : rights.ids) {
    filter.camera_id = camera;
    auto some = index.segments(filter);
    if (!some) return some;
    found.insert(found.end(), some->begin(), some->end());
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return std::tie(a.begin, a.id) > std::tie(b.begin, b.id); });
  if (found.size() > filter.limit) found.resize(filter.limit);
  return found;
}

Result<Response> page_of(store::SegmentIndex* index, const store::CameraRights& rights,
                         store::FootageFilter filter) {
  nlohmann::ordered_json body{{"recordings", nlohmann::ordered_json::array()}, {"next_cursor", nullptr}};
  if (index == nullptr) return json_answer(200, body);
  const auto limit = filter.limit++;  // one more tells whether there is another page
  auto segments = newest(*index, rights, std::move(filter));
  if (!segments) return std::move(segments).error();
  if (segments->size() > limit) {
    segments->resize(limit);
    body["next_cursor"] = base64url(std::string(cursor_format) + std::to_string(segments->back().id));
  }
  for (const auto& segment : *segments)
    if (segment.state != store::SegmentState::deleting) body["recordings"].push_back(segment_json(segment));
  return json_answer(200, body);
}

void list(Library::State& library, const Request& request, const Caller& caller, const Responder& responder) {
  Query query(request, {"camera", "from", "to", "limit", "cursor"});
  store::FootageFilter filter;
  filter.camera_id = query.text("camera").value_or("");
  filter.from = query.time("from");
  filter.to = query.time("to");
  filter.limit = static_cast<std::size_t>(query.integer("limit", 1, largest_limit, default_limit));
  filter.before_id = position_of(query);
  if (auto refused = refusal_of(library, request, caller, query, filter.camera_id))
    return void(responder.send(std::move(*refused)));
  run_footage(library, Pace::quick, request, responder,
              [&library, request, caller, filter](OpenLibrary&, store::SegmentIndex* index) {
                auto page = page_of(index, caller.cameras, filter);
                if (page) library.looks.note(request, caller);
                return page;
              });
}

Response shown(Library::State& library, const Request& request, const Caller& caller,
               const store::Segment& segment) {
  library.looks.note(request, caller);
  return json_answer(200, segment_json(segment));
}

Response film_of(Library::State& library, const Request& request, const Caller& caller,
                 const store::Segment& segment) {
  const auto& folder = library.ports.footage.folder;
  const auto* type = content_type_of(segment.file);
  Response response;
  if (segment.state == store::SegmentState::open) {
    // What the index says is on the medium; the file may have got its name meanwhile.
    response = http::serve_beginning(request, folder, segment.file + ".part", type, segment.bytes);
    if (response.status == 404)
      response = http::serve_beginning(request, folder, segment.file, type, segment.bytes);
  } else {
    response = http::serve_file(request, folder, segment.file, type);
  }
  if (response.status < 400) library.looks.note(request, caller);
  return response;
}

void one(Library::State& library, const Request& request, const Caller& caller, const Responder& responder) {
  Query query(request, {});
  if (auto refused = query.refusal(request)) return void(responder.send(std::move(*refused)));
  run_footage(library, Pace::quick, request, responder,
              [=, &library](OpenLibrary&, store::SegmentIndex* index) -> Result<Response> {
                auto segment = find_segment(library, index, request, caller);
                if (!segment) return std::move(segment).error();
                if (!*segment) return no_such_recording(request);
                return shown(library, request, caller, **segment);
              });
}

// On the thread for what takes long: the recordings' disk may be sick or a network's, and the library has
// events and people to show meanwhile.
void look_at_disk(Library::State& library, const Request& request, const Responder& responder,
                  const std::function<void()>& look) {
  if (!library.ports.footage.quick)
    return void(responder.send(busy("this daemon has no footage to show", request.trace)));
  const auto latest = library.clock.now() + library.clips.limits().answer;
  const bool taken = library.ports.footage.quick([=, &library](const std::stop_token&) {
    // Who asked has been told by then.
    if (library.clock.now() >= latest)
      return void(responder.send(busy("too many were waiting", request.trace)));
    look();
  });
  if (!taken) responder.send(busy("too many are looking at this moment", request.trace));
}

void video(Library::State& library, const Request& request, const Caller& caller,
           const Responder& responder) {
  Query query(request, {});
  if (auto refused = query.refusal(request)) return void(responder.send(std::move(*refused)));
  with_segment(library, request, caller, responder, [=, &library](const store::Segment& segment) {
    look_at_disk(library, request, responder,
                 [=, &library] { responder.send(film_of(library, request, caller, segment)); });
  });
}

void decode(Library::State& library, const Request& request, const Caller& caller, const Responder& responder,
            const store::Segment& segment, std::chrono::milliseconds into, int width) {
  auto picture = library.ports.footage.thumbnail(segment, into, width);
  if (picture) {
    library.looks.note(request, caller);
    return void(responder.send({200, {{"Content-Type", "image/jpeg"}}, std::move(*picture)}));
  }
  library.log.warning("no picture of a recording",
                      {{"recording", segment.id}, {"fault", picture.error().text()}});
  responder.send(picture.error().code() == ErrorCode::not_found
                     ? refusal(404, "there is no picture then", request)
                     : busy("the recording cannot be read; the journal says why", request.trace));
}

void thumbnail(Library::State& library, const Request& request, const Caller& caller,
               const Responder& responder) {
  Query query(request, {"at", "width"});
  const std::chrono::milliseconds into(query.integer("at", 0, longest_into, 0));
  const auto width = static_cast<int>(query.integer("width", 64, 1920, default_width));
  if (auto refused = query.refusal(request)) return void(responder.send(std::move(*refused)));
  with_segment(library, request, caller, responder, [=, &library](const store::Segment& segment) {
    if (into >= segment.end_at - segment.begin.at)
      return void(responder.send(refusal(404, "the recording is not so long", request)));
    if (!library.ports.footage.thumbnail)
      return void(responder.send(busy("this daemon has no footage to show", request.trace)));
    look_at_disk(library, request, responder,
                 [=, &library] { decode(library, request, caller, responder, segment, into, width); });
  });
}

}  // namespace

void add_recording_routes(Guard& guard, Library::State& library) {
  using http::Method;
  const auto viewers = Access::from(store::Role::viewer, Scope::view);
  const auto bind = [&library](auto handler) {
    return [&library, handler](const Request& request, const Caller& caller, const Responder& responder) {
      handler(library, request, caller, responder);
    };
  };
  guard.add({.method = Method::get, .path = paths::recordings, .statuses = {200, 400, 503}}, viewers,
            bind(list));
  guard.add({.method = Method::get, .path = paths::recording, .statuses = {200, 400, 404, 503}}, viewers,
            bind(one));
  // Both wait while a clip is made.
  const std::chrono::milliseconds answer = library.clips.limits().answer;
  guard.add({.method = Method::get,
             .path = paths::recording_video,
             .statuses = {200, 206, 304, 400, 404, 416, 503},
             .answer = answer},
            viewers, bind(video));
  guard.add({.method = Method::get,
             .path = paths::recording_thumbnail,
             .statuses = {200, 400, 404, 503},
             .answer = answer},
            viewers, bind(thumbnail));
}

}  // namespace porchlight::api
