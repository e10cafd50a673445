// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "api/account_routes.hpp"
#include "api/digest.hpp"
#include "api/event_answers.hpp"
#include "api/json_body.hpp"
#include "api/look_routes.hpp"
#include "api/paths.hpp"
#include "api/standing.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;

constexpr std::array<std::string_view, 10> event_types = {
    "ring",     "sighting", "camera_lost", "camera_back", "button_trouble",
    "security", "alert",    "motion",      "gap",         "disk"};
constexpr std::int64_t default_limit = 50;
constexpr std::int64_t largest_limit = 500;

// What the next page begins before. The number is that of the format.
constexpr std::string_view cursor_format = "1.";

std::string cursor_of(const event::EventId& last) {
  return base64url(std::string(cursor_format) + last.text());
}

std::optional<event::EventId> position_of(Query& query) {
  const auto cursor = query.text("cursor");
  if (!cursor) return std::nullopt;
  const auto text = from_base64url(*cursor);
  const auto id = text && text->starts_with(cursor_format)
                      ? event::EventId::parse(std::string_view(*text).substr(cursor_format.size()))
                      : std::nullopt;
  if (!id) query.fault("parameter 'cursor' is the next_cursor of another page");
  return id;
}

store::EventFilter filter_of(const Caller& caller, const EventWish& wish) {
  store::EventFilter filter;
  filter.type = wish.type;
  if (!wish.camera.empty())
    filter.cameras = std::set<std::string>{wish.camera};
  else if (!caller.cameras.all)
    filter.cameras = caller.cameras.ids;
  return filter;
}

using Labels = std::map<event::EventId, store::RecognitionLabel>;

// Of the sightings of a page, whose events stand newest first.
Result<Labels> labels_of(OpenLibrary& open, const std::vector<store::LoggedEvent>& events) {
  const auto is_sighting = [](const store::LoggedEvent& event) { return event.type == "sighting"; };
  const auto newest = std::find_if(events.begin(), events.end(), is_sighting);
  if (newest == events.end()) return Labels();
  const auto oldest = std::find_if(events.rbegin(), events.rend(), is_sighting);
  return store::RecognitionLabels(*open.database).between(oldest->id, newest->id);
}

nlohmann::ordered_json labelled_json(const store::LoggedEvent& event, const Labels& labels) {
  auto object = event_json(event);
  if (const auto label = labels.find(event.id); label != labels.end())
    object["identity"] = identity_json(label->second);
  return object;
}

Result<Response> page_of(OpenLibrary& open, const store::EventFilter& filter, std::size_t limit,
                         const std::optional<event::EventId>& before) {
  // One more tells whether there is another page.
  auto events = open.events.list(filter, limit + 1, before);
  if (!events) return std::move(events).error();
  const bool more = events->size() > limit;
  if (more) events->pop_back();
  const auto labels = labels_of(open, *events);
  if (!labels) return labels.error();
  nlohmann::ordered_json body{{"events", nlohmann::ordered_json::array()}, {"next_cursor", nullptr}};
  for (const auto& event : *events) body["events"].push_back(labelled_json(event, *labels));
  if (more) body["next_cursor"] = cursor_of(events->back().id);
  return json_answer(200, body);
}

void list(Library::State& library, const Request& request, const Caller& caller, const Responder& responder) {
  Query query(request, {"limit", "cursor", "type", "camera", "after", "before"});
  const auto limit = static_cast<std::size_t>(query.integer("limit", 1, largest_limit, default_limit));
  const auto wish = wish_of(query);
  auto filter = filter_of(caller, wish);
  filter.from = query.time("after");
  filter.until = query.time("before");
  const auto before = position_of(query);
  if (auto refused = refusal_of(library, request, caller, query, wish))
    return void(responder.send(std::move(*refused)));
  run(library, Pace::quick, request, responder, [=, &library](OpenLibrary& open) {
    auto page = page_of(open, filter, limit, before);
    if (page) library.looks.note(request, caller);
    return page;
  });
}

Response no_such_event(const Request& request) {
  return refusal(404, "there is no such event", request);
}

using Show = Result<Response> (*)(Library::State&, OpenLibrary&, const Request&, const store::LoggedEvent&);

CallerHandler one(Library::State& library, Show show) {
  return [&library, show](const Request& request, const Caller& caller, const Responder& responder) {
    Query query(request, {});
    if (auto refused = query.refusal(request)) return void(responder.send(std::move(*refused)));
    run(library, Pace::quick, request, responder, [=, &library](OpenLibrary& open) -> Result<Response> {
      auto event = find_event(library, open, request, caller);
      if (!event) return std::move(event).error();
      if (!*event) return no_such_event(request);
      auto response = show(library, open, request, **event);
      if (response && response->status < 400) library.looks.note(request, caller);
      return response;
    });
  };
}

Result<Response> shown(Library::State&, OpenLibrary& open, const Request&, const store::LoggedEvent& event) {
  auto answers = store::Acknowledgements(*open.database).of(event.id);
  if (!answers) return std::move(answers).error();
  const auto labels = labels_of(open, {event});
  if (!labels) return labels.error();
  auto body = labelled_json(event, *labels);
  if (!answers->empty()) body["acknowledged"] = acknowledged_json(*answers);
  return json_answer(200, body);
}

Result<Response> picture(Library::State& library, OpenLibrary&, const Request& request,
                         const store::LoggedEvent& event) {
  if (event.snapshot.empty()) return refusal(404, "this event has no picture", request);
  return http::serve_file(request, library.folder / "snapshots", event.snapshot, "image/jpeg");
}

}  // namespace

Result<std::optional<store::LoggedEvent>> find_event(Library::State& library, OpenLibrary& open,
                                                     const Request& request, const Caller& caller) {
  const auto id = event::EventId::parse(request.parameter("id"));
  if (!id) return std::optional<store::LoggedEvent>();
  auto event = open.events.find(*id);
  if (!event || !*event || caller.cameras.allows((*event)->camera_id)) return event;
  note_refusal(
      library.accounts, request, caller,
      (*event)->camera_id.empty() ? "viewer all cameras" : "viewer camera '" + (*event)->camera_id + "'");
  return std::optional<store::LoggedEvent>();
}

EventWish wish_of(Query& query) {
  EventWish wish{query.text("type").value_or(""), query.text("camera").value_or("")};
  if (!wish.type.empty() && std::find(event_types.begin(), event_types.end(), wish.type) == event_types.end())
    query.fault(
        "parameter 'type' is ring, sighting, camera_lost, camera_back, button_trouble, security, alert, "
        "motion, "
        "gap or disk");
  return wish;
}

std::optional<Response> refusal_of(Library::State& library, const Request& request, const Caller& caller,
                                   const Query& query, const EventWish& wish) {
  if (auto refused = query.refusal(request)) return refused;
  if (wish.camera.empty() || caller.cameras.allows(wish.camera)) return std::nullopt;
  return camera_not_granted(library.accounts, request, caller, wish.camera);
}

void add_event_routes(Guard& guard, Library::State& library) {
  const auto viewers = Access::from(store::Role::viewer, Scope::view);
  guard.add({.method = http::Method::get, .path = paths::events, .statuses = {200, 400, 503}}, viewers,
            [&library](const Request& request, const Caller& caller, const Responder& responder) {
              list(library, request, caller, responder);
            });
  guard.add({.method = http::Method::get, .path = paths::event, .statuses = {200, 400, 404, 503}}, viewers,
            one(library, shown));
  guard.add({.method = http::Method::get,
             .path = paths::event_snapshot,
             .statuses = {200, 206, 304, 400, 404, 416, 503}},
            viewers, one(library, picture));
}

}  // namespace porchlight::api
