// SPDX-License-Identifier: Apache-2.0
#include "live/hls_stage.hpp"

#include <algorithm>
#include <utility>

#include "live/hls_playlist.hpp"

namespace porchlight::live {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_waiting = 512;           // of one stream
constexpr std::size_t most_waiting_of_viewer = 16;  // a browser asks for a playlist and a part at a time
constexpr auto first_wait = 15s;                    // until there is something to list
constexpr auto least_patience = 6s;
constexpr auto between_measures = 5s;

}  // namespace

bool HlsStage::knows(const HlsViewer* viewer) const noexcept {
  return std::any_of(viewers_.begin(), viewers_.end(),
                     [viewer](const auto& each) { return each.viewer.get() == viewer; });
}

// Numbers never come twice, also not those of a daemon that was started anew: an address names the same
// bytes for ever. No segment but the shortest lasts less than the second by which they grow.
void HlsStage::begin() {
  if (window_) return;
  const auto since = std::chrono::floor<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
  next_ = std::max(next_, static_cast<std::uint64_t>(std::max<std::int64_t>(since, 0)));
  window_ = std::make_unique<HlsWindow>(next_, HlsWindow::Limits{});
}

void HlsStage::end() {
  if (window_) next_ = window_->next_number();
  window_.reset();
  latency_s_.reset();
}

HlsStage::Watching& HlsStage::watching(const std::shared_ptr<HlsViewer>& viewer) {
  for (auto& each : viewers_)
    if (each.viewer == viewer) return each;
  return viewers_.emplace_back(Watching{viewer, {}, false});
}

std::chrono::milliseconds HlsStage::patience() const {
  if (!window_ || !window_->is_ready()) return HlsViewer::longest_patience;
  const auto three = std::chrono::ceil<std::chrono::milliseconds>(3 * window_->target());
  return std::clamp<std::chrono::milliseconds>(three, least_patience, HlsViewer::longest_patience);
}

std::chrono::milliseconds HlsStage::longest_wait() const {
  if (!window_->is_ready()) return first_wait;
  return std::chrono::ceil<std::chrono::milliseconds>(3 * window_->target());
}

void HlsStage::ask(HlsRequest request, std::optional<MonotonicTime> rung) {
  rung_ = rung;
  request.viewer->asks(clock_.now());
  watching(request.viewer);
  if (auto answer = answer_now(request)) return give(request, std::move(*answer));
  const auto own = std::count_if(waiting_.begin(), waiting_.end(),
                                 [&](const auto& other) { return other.viewer == request.viewer; });
  if (waiting_.size() >= most_waiting || static_cast<std::size_t>(own) >= most_waiting_of_viewer)
    return request.answer({.status = 503, .why = "too many requests wait"});
  request.came = clock_.now();
  waiting_.push_back(std::move(request));
}

std::optional<HlsAnswer> HlsStage::answer_now(const HlsRequest& request) const {
  const auto& name = request.name;
  if (name.kind == HlsName::Kind::playlist) {
    if (!window_->is_ready()) return std::nullopt;
    return request.moment ? moment_answer(*request.moment) : playlist();
  }
  if (name.kind == HlsName::Kind::part) return part_answer(name);
  HlsAnswer found;
  if (name.kind == HlsName::Kind::head) {
    if (const auto head = window_->head(name.number)) found.media = {head->bytes};
  } else if (const auto* segment = window_->find(name.number); segment && segment->is_complete()) {
    for (const auto& part : segment->parts)
      found.media.insert(found.media.end(), part.pictures.begin(), part.pictures.end());
  }
  if (found.media.empty()) return HlsAnswer{.status = 404, .why = "it is no longer or not yet there"};
  return found;
}

HlsAnswer HlsStage::playlist() const {
  return {.playlist = media_playlist(*window_, quality_)};
}

std::uint64_t HlsStage::advance_limit() const {
  const auto target = window_->part_target();
  if (target >= Time{1s}) return 3;
  return static_cast<std::uint64_t>((Time{3s} + target - Time{1}) / target);
}

// A part behind the last of its segment is the first of the next.
bool HlsStage::has_come(const HlsMoment& moment) const {
  const auto [number, part] = window_->coming();
  if (!moment.part) return moment.number < number;
  if (moment.number != number) {
    const auto* segment = window_->find(moment.number);
    const bool beyond = segment != nullptr && *moment.part >= segment->parts.size();
    return moment.number < number && (!beyond || moment.number + 1 < number || part > 0);
  }
  return *moment.part < part;
}

std::optional<HlsAnswer> HlsStage::moment_answer(const HlsMoment& moment) const {
  const auto [number, part] = window_->coming();
  // `number` has not ended: the last one that has is the one before.
  const bool too_far = moment.number > number + 1 ||
                       (moment.number == number && moment.part && *moment.part > part + advance_limit());
  if (too_far) return HlsAnswer{.status = 400, .why = "_HLS_msn or _HLS_part is too far ahead"};
  if (!has_come(moment)) return std::nullopt;
  return playlist();
}

// That part which was hinted at is waited for; what lies behind it is not there.
std::optional<HlsAnswer> HlsStage::part_answer(const HlsName& name) const {
  const auto* segment = window_->find(name.number);
  if (segment != nullptr && name.part < segment->parts.size())
    return HlsAnswer{.media = segment->parts[name.part].pictures};
  if (std::pair(name.number, name.part) == window_->coming()) return std::nullopt;
  return HlsAnswer{.status = 404, .why = "it is no longer or not yet there"};
}

void HlsStage::note_media(Watching& watching, std::size_t bytes) {
  instruments_.bytes.increment(static_cast<double>(bytes));
  if (std::exchange(watching.greeted, true) || !is_answer(rung_, watching.viewer->joined())) return;
  instruments_.ring_to_view.observe(std::chrono::duration<double>(clock_.now() - *rung_).count());
}

void HlsStage::note_playlist(Watching& watching) {
  const auto now = clock_.now();
  const auto newest = window_->newest();
  if (!newest || (watching.measured && now - *watching.measured < between_measures)) return;
  watching.measured = now;
  latency_s_ = std::chrono::duration<double>(now - *newest).count();
  instruments_.latency.observe(*latency_s_);
}

void HlsStage::give(const HlsRequest& request, HlsAnswer answer) {
  request.viewer->asks(clock_.now());
  request.viewer->set_patience(patience());
  auto& who = watching(request.viewer);
  const bool is_film =
      request.name.kind == HlsName::Kind::segment || request.name.kind == HlsName::Kind::part;
  if (answer.status == 200 && is_film) note_media(who, length_of(answer.media));
  if (answer.status == 200 && request.name.kind == HlsName::Kind::playlist) note_playlist(who);
  request.answer(std::move(answer));
}

void HlsStage::serve_waiting() {
  std::vector<HlsRequest> still;
  for (auto& request : std::exchange(waiting_, {})) {
    if (auto answer = answer_now(request))
      give(request, std::move(*answer));
    else
      still.push_back(std::move(request));
  }
  waiting_ = std::move(still);
}

void HlsStage::add(const Head& head, const Fragment& picture) {
  if (window_ && window_->add(head, picture) && !waiting_.empty()) serve_waiting();
}

void HlsStage::refuse(int status, const char* why) {
  for (auto& request : std::exchange(waiting_, {})) request.answer({.status = status, .why = why});
  viewers_.clear();
  end();
}

void HlsStage::move_to(HlsStage& heir) {
  heir.next_ = std::max(heir.next_, next_);
  if (!window_) return;
  heir.window_ = std::move(window_);
  heir.window_->interrupt();
  heir.viewers_ = std::exchange(viewers_, {});
  heir.waiting_ = std::exchange(waiting_, {});
}

bool HlsStage::tick() {
  if (!window_) return false;
  const auto now = clock_.now();
  if (window_->close(now)) serve_waiting();
  std::vector<HlsRequest> still;
  for (auto& request : std::exchange(waiting_, {})) {
    if (request.viewer->has_left()) {
      request.answer({.status = 403, .why = "the right to watch has ended"});
    } else if (now - request.came > longest_wait()) {
      request.answer({.status = 503, .why = "the camera sends nothing new at this moment"});
    } else {
      request.viewer->asks(now);
      still.push_back(std::move(request));
    }
  }
  waiting_ = std::move(still);
  std::erase_if(viewers_, [now](const auto& each) { return each.viewer->is_gone(now); });
  if (!viewers_.empty()) return true;
  end();
  return false;
}

}  // namespace porchlight::live
