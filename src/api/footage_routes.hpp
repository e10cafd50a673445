// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/footage_answers.hpp"
#include "api/guard.hpp"
#include "api/library_state.hpp"
#include "api/query.hpp"

namespace porchlight::api {

void add_recording_routes(Guard& guard, Library::State& library);   // segments: list, one, video, picture
void add_protection_routes(Guard& guard, Library::State& library);  // what stays
void add_ledger_route(Guard& guard, Library::State& library);
void add_clip_routes(Guard& guard, Library::State& library);  // of an interval, of an event

// What the footage routes have in common.

// A job on the library's thread with the index open; null: nothing was ever recorded. An Error is the
// index's.
using FootageJob = std::function<Result<http::Response>(OpenLibrary&, store::SegmentIndex*)>;
void run_footage(Library::State& library, Pace pace, const http::Request& request,
                 const http::Responder& responder, FootageJob job);

// Of an index that failed: it is opened anew by whoever comes next. 503.
http::Response unreadable(Library::State& library, const Error& error, const event::TraceContext& trace);

// The segment that the path names, when the caller may see it; one that is not granted is as one that is not
// there, but its asking is on record. Library's thread.
Result<std::optional<store::Segment>> find_segment(Library::State& library, store::SegmentIndex* index,
                                                   const http::Request& request, const Caller& caller);
http::Response no_such_recording(const http::Request& request);
// `then` answers, on the library's thread; without such a segment it is answered already.
void with_segment(Library::State& library, const http::Request& request, const Caller& caller,
                  const http::Responder& responder, const std::function<void(const store::Segment&)>& then);

// `camera`, `from` and `to`, all of them needed; at most `longest` apart.
struct FootageWish {
  std::string camera;
  Interval interval;
};
FootageWish footage_wish_of(Query& query, std::chrono::minutes longest);
// Of a query that is at fault, or of a camera that is not granted.
std::optional<http::Response> refusal_of(Library::State& library, const http::Request& request,
                                         const Caller& caller, const Query& query, const std::string& camera);

// The gaps of the interval, as many as explain it.
Result<std::vector<store::Gap>> gaps_of(store::SegmentIndex& index, const std::string& camera,
                                        const Interval& interval, std::size_t most);
// Oldest first, without those that are being deleted.
Result<std::vector<store::Segment>> segments_of(store::SegmentIndex& index, const std::string& camera,
                                                const Interval& interval, std::size_t most);

}  // namespace porchlight::api
