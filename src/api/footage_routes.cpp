// SPDX-License-Identifier: Apache-2.0
// The ledger, and what the routes about footage have in common.
#include "api/footage_routes.hpp"

#include <utility>

#include "api/account_routes.hpp"
#include "api/paths.hpp"
#include "api/standing.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;

// A segment lasts a minute most often: 10,080 of them.
constexpr std::chrono::minutes longest_ledger{7 * 24 * 60};
constexpr std::size_t most_ledger_rows = 20'000;

Result<Response> ledger_of(store::SegmentIndex* index, const FootageWish& wish, const Request& request,
                           WallTime now) {
  std::vector<store::Segment> segments;
  std::vector<store::Gap> gaps;
  if (index != nullptr) {
    auto kept = segments_of(*index, wish.camera, wish.interval, most_ledger_rows + 1);
    if (!kept) return std::move(kept).error();
    auto missing = gaps_of(*index, wish.camera, wish.interval, most_ledger_rows + 1);
    if (!missing) return std::move(missing).error();
    if (kept->size() > most_ledger_rows || missing->size() > most_ledger_rows)
      return refusal(400, "the interval has too many rows; ask for a shorter one", request);
    segments = std::move(*kept);
    gaps = std::move(*missing);
  }
  return json_answer(200, ledger_json(wish.camera, wish.interval, now, segments, gaps));
}

void ledger(Library::State& library, const Request& request, const Caller& caller,
            const Responder& responder) {
  Query query(request, {"camera", "from", "to"});
  const auto wish = footage_wish_of(query, longest_ledger);
  if (auto refused = refusal_of(library, request, caller, query, wish.camera))
    return void(responder.send(std::move(*refused)));
  run_footage(library, Pace::slow, request, responder,
              [=, &library](OpenLibrary&, store::SegmentIndex* index) {
                auto answer = ledger_of(index, wish, request, library.clock.wall());
                if (answer && answer->status < 400) library.looks.note(request, caller);
                return answer;
              });
}

}  // namespace

Response unreadable(Library::State& library, const Error& error, const event::TraceContext& trace) {
  library.footage.note_failure();
  library.log.error("the index of the footage cannot be read", {{"fault", error.text()}});
  return busy("the index of the footage cannot be read at this moment; the journal says why", trace);
}

Response no_such_recording(const Request& request) {
  return refusal(404, "there is no such recording", request);
}

Result<std::optional<store::Segment>> find_segment(Library::State& library, store::SegmentIndex* index,
                                                   const Request& request, const Caller& caller) {
  const auto id = number_of(request);
  if (index == nullptr || !id) return std::optional<store::Segment>();
  auto segment = index->segment(*id);
  if (!segment || !*segment) return segment;
  if ((*segment)->state == store::SegmentState::deleting) return std::optional<store::Segment>();
  if (caller.cameras.allows((*segment)->camera_id)) return segment;
  note_refusal(library.accounts, request, caller, "viewer camera '" + (*segment)->camera_id + "'");
  return std::optional<store::Segment>();
}

void run_footage(Library::State& library, Pace pace, const Request& request, const Responder& responder,
                 FootageJob job) {
  run(library, pace, request, responder,
      [&library, job = std::move(job), trace = request.trace](OpenLibrary& open) -> Result<Response> {
        auto index = library.footage.index();
        auto response = index ? job(open, *index) : Result<Response>(std::move(index).error());
        if (response) return response;
        return unreadable(library, response.error(), trace);
      });
}

void with_segment(Library::State& library, const Request& request, const Caller& caller,
                  const Responder& responder, const std::function<void(const store::Segment&)>& then) {
  run_later(library, request, responder, [=, &library](OpenLibrary&) -> Status {
    auto index = library.footage.index();
    auto segment = index ? find_segment(library, *index, request, caller)
                         : Result<std::optional<store::Segment>>(std::move(index).error());
    if (!segment)
      responder.send(unreadable(library, segment.error(), request.trace));
    else if (!*segment)
      responder.send(no_such_recording(request));
    else
      then(**segment);
    return {};
  });
}

FootageWish footage_wish_of(Query& query, std::chrono::minutes longest) {
  FootageWish wish;
  const auto camera = query.text("camera");
  const auto from = query.time("from"), to = query.time("to");
  if (!camera)
    query.fault("parameter 'camera' is needed");
  else if (!from)
    query.fault("parameter 'from' is needed");
  else if (!to)
    query.fault("parameter 'to' is needed");
  else if (*to <= *from)
    query.fault("parameter 'to' is later than 'from'");
  else if (*to - *from > longest)
    query.fault("parameter 'to' is at most " + std::to_string(longest.count()) + " minutes after 'from'");
  else
    wish = {*camera, {*from, *to}};
  return wish;
}

std::optional<Response> refusal_of(Library::State& library, const Request& request, const Caller& caller,
                                   const Query& query, const std::string& camera) {
  if (auto refused = query.refusal(request)) return refused;
  if (camera.empty() || caller.cameras.allows(camera)) return std::nullopt;
  return camera_not_granted(library.accounts, request, caller, camera);
}

Result<std::vector<store::Gap>> gaps_of(store::SegmentIndex& index, const std::string& camera,
                                        const Interval& interval, std::size_t most) {
  return index.gaps(
      {.camera_id = camera, .from = interval.from, .to = interval.to, .limit = most, .oldest_first = true});
}

Result<std::vector<store::Segment>> segments_of(store::SegmentIndex& index, const std::string& camera,
                                                const Interval& interval, std::size_t most) {
  auto segments = index.segments(
      {.camera_id = camera, .from = interval.from, .to = interval.to, .limit = most, .oldest_first = true});
  if (segments)
    std::erase_if(*segments, [](const auto& one) { return one.state == store::SegmentState::deleting; });
  return segments;
}

void add_ledger_route(Guard& guard, Library::State& library) {
  guard.add({.method = http::Method::get, .path = paths::footage_ledger, .statuses = {200, 400, 503}},
            Access::from(store::Role::viewer, Scope::view),
            [&library](const Request& request, const Caller& caller, const Responder& responder) {
              ledger(library, request, caller, responder);
            });
}

}  // namespace porchlight::api
