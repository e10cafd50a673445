// SPDX-License-Identifier: Apache-2.0
#include "api/hls_desk.hpp"

#include <algorithm>
#include <utility>

#include "api/hls_answers.hpp"
#include "api/standing.hpp"

namespace porchlight::api {
namespace {

// Of one viewing: a quick player has a part and the next one on their way, and a segment where it jumps; some
// pages play side by side in one session.
constexpr std::size_t most_on_their_way = 8;

}  // namespace

using http::Request;
using http::Response;

void HlsDesk::ask(const Request& request, const Caller& caller, const live::HlsName& name,
                  std::optional<live::HlsMoment> moment, const http::Responder& responder) {
  auto viewing = viewing_of(request, caller);
  live::HlsRequest wanted;
  wanted.camera = viewing->camera;
  wanted.name = name;
  wanted.moment = moment;
  wanted.viewer = viewing->viewer;
  wanted.answer = [this, request, viewing, name, responder](live::HlsAnswer answer) {
    responder.send(response(request, viewing, name, std::move(answer)));
  };
  ask_(std::move(wanted));
}

std::shared_ptr<HlsDesk::Viewing> HlsDesk::viewing_of(const Request& request, const Caller& caller) {
  const auto now = clock_.now();
  const auto& camera = request.parameter("camera");
  const std::lock_guard lock(mutex_);
  for (const auto& viewing : viewings_) {
    const bool is_same = viewing->caller.kind == caller.kind && viewing->caller.key == caller.key &&
                         viewing->caller.user_id == caller.user_id && viewing->camera == camera &&
                         viewing->address == request.peer.address;
    if (!is_same || viewing->is_over(now)) continue;
    viewing->viewer->asks(now);
    return viewing;
  }
  auto made = std::make_shared<Viewing>();
  static_cast<Watching&>(*made) = watching_of(request, caller, camera, "/hls/" + camera);
  made->begun = now;
  made->viewer = std::make_shared<live::HlsViewer>(now);
  viewings_.push_back(made);
  return made;
}

Response HlsDesk::response(const Request& request, const std::shared_ptr<Viewing>& viewing,
                           const live::HlsName& name, live::HlsAnswer answer) {
  if (!still_holds(accounts_, *accounts_.directory(), viewing->caller)) {
    viewing->viewer->leave();
    answer = {.status = 403, .why = "the right to watch has ended"};
  }
  if (answer.status != 200) return hls_refusal(request, answer);
  using Kind = live::HlsName::Kind;
  const bool is_media = name.kind != Kind::index && name.kind != Kind::playlist;
  auto place = is_media ? place_in(viewing) : nullptr;
  if (is_media && !place)
    return hls_refusal(request, {.status = 503, .why = "too many answers to this viewer are on their way"});
  if (!viewing->on_record.exchange(true)) note_beginning(accounts_, *viewing);
  if (is_media) return hls_media(request, name, std::move(answer.media), std::move(place), viewing->viewer);
  playlists_.increment();
  return hls_playlist(std::move(answer.playlist));
}

std::shared_ptr<const void> HlsDesk::place_in(const std::shared_ptr<Viewing>& viewing) {
  if (viewing->on_their_way.fetch_add(1) >= most_on_their_way) {
    viewing->on_their_way.fetch_sub(1);
    return nullptr;
  }
  return {viewing.get(), [viewing](const void*) { viewing->on_their_way.fetch_sub(1); }};
}

void HlsDesk::end_those_who_left() {
  std::vector<std::shared_ptr<Viewing>> ended;
  {
    const std::lock_guard lock(mutex_);
    if (viewings_.empty()) return;
    const auto known = accounts_.directory();
    const auto now = clock_.now();
    std::erase_if(viewings_, [&](const auto& viewing) {
      if (!still_holds(accounts_, *known, viewing->caller)) viewing->viewer->leave();
      if (!viewing->is_over(now)) return false;
      ended.push_back(viewing);
      return true;
    });
  }
  for (const auto& viewing : ended) {
    viewing->viewer->leave();
    if (!viewing->on_record.exchange(true)) continue;
    note_end(accounts_, *viewing, clock_.now());
  }
}

}  // namespace porchlight::api
