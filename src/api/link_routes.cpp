// SPDX-License-Identifier: Apache-2.0
#include "api/link_routes.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "api/account_routes.hpp"
#include "api/link_page.hpp"
#include "api/paths.hpp"
#include "api/visit_limit.hpp"
#include "porchlight/http/responder.hpp"
#include "porchlight/notify/link.hpp"
#include "porchlight/store/outbox.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;
using notify::Language;

constexpr std::size_t form_bytes = 4096;  // 200 characters of four bytes, each percent-encoded
constexpr std::uint32_t visits_a_minute = 60;
constexpr std::uint32_t name_update = 2;  // the message that says who rang

struct LinkDoor {
  LinkDoor(Library::State& shelf, const Port& port)
      : library(shelf),
        key(port.link_key),
        language_of_channel(port.language_of_channel),
        answer_event(port.answer_event),
        visits(shelf.clock, visits_a_minute) {}

  Library::State& library;
  const std::string key;
  const std::function<std::optional<Language>(const std::string&)> language_of_channel;
  const EventAnswerPort answer_event;
  VisitLimit visits;  // listener's thread
};

// A request whose link is good.
struct Visit {
  notify::Link link;
  Language language;
  std::string who() const { return "link:" + link.channel; }
  std::string event_path() const { return "/api/v1/events/" + link.event.text(); }
};

Language language_for(const Request& request, Language of_channel = Language::english) {
  return preferred_language(request.header("accept-language")).value_or(of_channel);
}

// A link is void with its channel: whoever takes the channel out of the configuration takes its links back.
std::optional<Visit> visit_of(const LinkDoor& door, const Request& request, LinkFault& fault) {
  fault = LinkFault::unknown;
  auto link = door.key.empty() ? std::nullopt : notify::opened_link(door.key, request.parameter("token"));
  if (!link) return std::nullopt;
  const auto language = door.language_of_channel(link->channel);
  if (!language) return std::nullopt;
  fault = LinkFault::expired;
  if (door.library.clock.wall() >= link->expires) return std::nullopt;
  return Visit{std::move(*link), language_for(request, *language)};
}

// As the channel was told, so that a page never says more than its message.
Result<notify::Words> words_for(OpenLibrary& open, const Visit& visit, const store::LoggedEvent& event) {
  store::Outbox outbox(*open.database);
  // Whoever was not told at once was told later.
  for (const auto sequence : {name_update, 0U, store::first_escalation}) {
    auto row = outbox.find({visit.link.event, visit.link.channel, sequence});
    if (!row) return std::move(row).error();
    if (*row) return notify::words_of(**row, visit.language);
  }
  store::OutboxRow row;  // the message is not kept as long as its event
  row.type = event.type;
  row.happened = event.at;
  row.payload = event.json;
  return notify::words_of(row, visit.language);
}

Result<LinkPage> page_of(OpenLibrary& open, const Visit& visit, const store::LoggedEvent& event,
                         const std::string& action) {
  auto words = words_for(open, visit, event);
  if (!words) return std::move(words).error();
  auto answers = store::Acknowledgements(*open.database).of(event.id);
  if (!answers) return std::move(answers).error();
  return LinkPage{.language = visit.language,
                  .title = words->title,
                  .text = words->text,
                  .action = action,
                  .has_picture = !event.snapshot.empty(),
                  .answers = std::move(*answers),
                  .who = visit.who()};
}

// On record without the token, which would open the page for whoever reads the trail.
void note_look(Library::State& library, const Visit& visit, Request request, const std::string& path) {
  if (request.method == http::Method::head) return;
  request.path = path;
  Caller caller;
  caller.name = visit.who();
  library.looks.note(request, caller);
}

Result<Response> shown(Library::State& library, OpenLibrary& open, const Visit& visit,
                       const Request& request) {
  const auto event = open.events.find(visit.link.event);
  if (!event) return event.error();
  if (!*event) return link_fault(LinkFault::gone, visit.language);
  auto page = page_of(open, visit, **event, request.path);
  if (!page) return std::move(page).error();
  note_look(library, visit, request, visit.event_path());
  return link_page(200, *page);
}

Result<Response> picture(Library::State& library, OpenLibrary& open, const Visit& visit,
                         const Request& request) {
  const auto event = open.events.find(visit.link.event);
  if (!event) return event.error();
  if (!*event || (*event)->snapshot.empty()) return link_fault(LinkFault::gone, visit.language);
  note_look(library, visit, request, visit.event_path() + "/snapshot");
  auto response = http::serve_file(request, library.folder / "snapshots", (*event)->snapshot, "image/jpeg");
  std::erase_if(response.headers, [](const auto& header) { return header.first == "Cache-Control"; });
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

using Look = Result<Response> (*)(Library::State&, OpenLibrary&, const Visit&, const Request&);

CallerHandler looking(std::shared_ptr<LinkDoor> door, Look look) {
  return [door = std::move(door), look](const Request& request, const Caller&, const Responder& responder) {
    LinkFault fault{};
    auto visit = visit_of(*door, request, fault);
    if (!visit) return void(responder.send(link_fault(fault, language_for(request))));
    run(door->library, Pace::quick, request, responder,
        [door, look, visit = std::move(*visit), request](OpenLibrary& open) {
          return look(door->library, open, visit, request);
        });
  };
}

// application/x-www-form-urlencoded; nothing when a field is unknown, comes twice or cannot be read.
std::optional<std::map<std::string, std::string>> fields_of(std::string_view body) {
  std::map<std::string, std::string> fields;
  while (!body.empty()) {
    const auto pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(body.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    const std::string name(pair.substr(0, equals));
    if (equals == std::string_view::npos || (name != "action" && name != "text")) return std::nullopt;
    std::string value(pair.substr(equals + 1));
    for (auto& c : value)
      if (c == '+') c = ' ';
    const auto decoded = http::percent_decoded(value);
    if (!decoded || !fields.emplace(name, *decoded).second) return std::nullopt;
  }
  return fields;
}

// What the form asks for: an empty reply acknowledges. Nothing: it is none of ours.
std::optional<std::string> wish_of(const Request& request) {
  const auto fields = fields_of(request.body);
  if (!fields || !fields->contains("action")) return std::nullopt;
  const auto& action = fields->at("action");
  if (action == "acknowledge" && fields->size() == 1) return std::string();
  if (action == "reply" && fields->size() == 2) return reply_text(fields->at("text"));
  return std::nullopt;
}

// The token proves the right; this keeps a page of somebody who has the link from using it by itself. Under
// `Referrer-Policy: no-referrer` browsers say `Origin: null` of our own form too (Fetch, 3.1); then
// Sec-Fetch-Site tells, where there is one.
bool is_own_form(const Request& request) {
  if (request.header("origin") != "null") return is_own_origin(request);
  const auto site = request.header("sec-fetch-site");
  return site.empty() || site == "same-origin";
}

void show_outcome(const LinkDoor& door, const Visit& visit, const Request& request,
                  const Responder& responder, bool is_reply, const Result<store::AnswerOutcome>& outcome) {
  if (!outcome) {
    const bool gone = outcome.error().code() == ErrorCode::not_found;
    return void(responder.send(link_fault(gone ? LinkFault::gone : LinkFault::busy, visit.language)));
  }
  const bool taken = is_reply ? outcome->replied : outcome->acknowledged;
  run(door.library, Pace::quick, request, responder,
      [visit, request, is_reply, taken](OpenLibrary& open) -> Result<Response> {
        const auto event = open.events.find(visit.link.event);
        if (!event) return event.error();
        if (!*event) return link_fault(LinkFault::gone, visit.language);
        auto page = page_of(open, visit, **event, request.path);
        if (!page) return std::move(page).error();
        page->notice = link_notice(visit.language, is_reply, taken);
        return link_page(taken ? 200 : 409, *page);
      });
}

void answer(const std::shared_ptr<LinkDoor>& door, const Request& request, const Responder& responder) {
  LinkFault fault{};
  const auto visit = visit_of(*door, request, fault);
  if (!visit) return void(responder.send(link_fault(fault, language_for(request))));
  if (!request.header("content-type").starts_with("application/x-www-form-urlencoded"))
    return void(responder.send(refusal(415, "send application/x-www-form-urlencoded", request)));
  if (!is_own_form(request)) return void(responder.send(link_fault(LinkFault::foreign, visit->language)));
  const auto reply = wish_of(request);
  if (!reply) return void(responder.send(link_fault(LinkFault::bad_form, visit->language)));
  run_later(door->library, request, responder, [=](OpenLibrary&) -> Status {
    AuditRecord record{.kind = AuditRecord::Kind::data_modification,
                       .user = visit->who(),
                       .ip_address = request.peer.address,
                       .user_agent = std::string(request.header("user-agent")),
                       .resource = visit->event_path(),
                       .operation = "update"};
    give_answer(door->library, door->answer_event,
                {{visit->link.event, visit->who(), *reply, door->library.clock.wall()}, std::move(record)},
                [=](const Result<store::AnswerOutcome>& outcome) {
                  show_outcome(*door, *visit, request, responder, !reply->empty(), outcome);
                });
    return {};
  });
}

}  // namespace

void add_link_routes(Guard& guard, Library::State& library, const Port& port) {
  const auto door = std::make_shared<LinkDoor>(library, port);
  const auto gate = [door](const Request& request) -> std::optional<Response> {
    if (door->visits.may_come(request.peer.address)) return std::nullopt;
    return link_fault(LinkFault::too_often, language_for(request));
  };
  guard.add(
      {.method = http::Method::get, .path = paths::link, .statuses = {200, 404, 410, 429, 503}, .gate = gate},
      Access::everyone(), looking(door, shown));
  guard.add({.method = http::Method::get,
             .path = paths::link_snapshot,
             .statuses = {200, 206, 304, 404, 410, 416, 429, 503},
             .gate = gate},
            Access::everyone(), looking(door, picture));
  guard.add({.method = http::Method::post,
             .path = paths::link,
             .statuses = {200, 400, 403, 404, 409, 410, 415, 429, 503},
             .body_bytes = form_bytes,
             .gate = gate},
            Access::everyone(), [door](const Request& request, const Caller&, const Responder& responder) {
              answer(door, request, responder);
            });
}

}  // namespace porchlight::api
