// SPDX-License-Identifier: Apache-2.0
#include "live/hls_window.hpp"

#include <algorithm>
#include <utility>

namespace porchlight::live {
namespace {

using namespace std::chrono_literals;

// The first part decides how long parts are: as many pictures as are nearest to a quarter of a second. The
// rest is room for pictures that do not come evenly; a part must fill 85 % of the target, and 1 % more for
// the rounding of both in the list.
constexpr Time least_part = 239ms;
constexpr std::int64_t room_percent = 105;
constexpr std::int64_t filled_percent = 86;
constexpr Time usual_step = 40ms;
constexpr Time least_hole = 1500ms;
constexpr Time least_target = 2s;
// Segments round to the target duration; the rest is for groups that are not even.
constexpr Time target_room = 250ms;
constexpr Time rounding = 450ms;
constexpr std::size_t quick_segments = 3;  // of a group or two each, so that there is something to show soon
constexpr Time least_quick = 900ms;

http::SharedSlice slice_of(const http::SharedFrame& frame, std::size_t at) {
  return {frame, at, frame->size() - at};
}

}  // namespace

bool HlsWindow::is_hole(Time gap) const {
  return gap < Time::zero() || gap > std::max<Time>(least_hole, 4 * step_);
}

bool HlsWindow::add(const Head& head, const Fragment& picture) {
  bool news = false;
  const auto gap = picture.at - last_;
  if (growing_ && (head.number != head_number_ || is_hole(gap) || interrupted_)) {
    end_segment(last_ + (step_ > Time::zero() ? step_ : usual_step));
    interrupted_ = news = true;
  } else if (growing_ && (ends_segment(picture) || ends_part(picture))) {
    news = true;
    ends_segment(picture) ? end_segment(end_before(picture)) : end_part(picture.at, false);
  }
  if (!growing_ && !picture.keyframe && (interrupted_ || segments_.empty())) return news;
  if (growing_ && gap > Time::zero()) step_ = gap;
  if (picture.keyframe) {
    if (!interrupted_ && !segments_.empty()) group_ = picture.at - last_keyframe_;
    last_keyframe_ = picture.at;
  }
  if (!growing_) begin_segment(head, picture);
  if (open_.pictures.empty()) {
    open_.begin = picture.at;
    open_.arrived = picture.arrived;
  }
  open_.independent = open_.independent || picture.keyframe;
  open_.pictures.push_back(slice_of(picture.frame, picture.offset));
  segments_.back().bytes += open_.pictures.back().bytes;
  last_ = picture.at;
  last_arrived_ = picture.arrived;
  return news;
}

bool HlsWindow::close(MonotonicTime now) {
  if (!growing_ || now - last_arrived_ < std::max<Time>(least_hole, 4 * step_)) return false;
  end_segment(last_ + (step_ > Time::zero() ? step_ : usual_step));
  interrupted_ = true;
  return true;
}

// At a keyframe, when another group would be too much; else where it would become longer than was announced.
bool HlsWindow::ends_segment(const Fragment& picture) const {
  const auto& segment = segments_.back();
  const auto length = picture.at - segment.begin;
  const auto most = is_ready() ? target_ : limits_.longest;
  if (length + step_ > most + rounding || segment.bytes > limits_.bytes / 4) return true;
  if (!picture.keyframe) return false;
  const auto group = picture.at - last_keyframe_;
  return (segments_.size() <= quick_segments && length >= least_quick) || length + group > most + target_room;
}

// Where pictures that were lost would make it longer than was announced, they belong to no segment.
Time HlsWindow::end_before(const Fragment& picture) const {
  const auto most = (is_ready() ? target_ : limits_.longest) + rounding;
  return picture.at - segments_.back().begin > most ? last_ + step_ : picture.at;
}

// As it is to be listed: what the parts before it were listed with too much or too little is made up for.
Time HlsWindow::length_until(Time at) const {
  return at - open_.begin + carried_;
}

Time HlsWindow::least_filled() const {
  return part_target_ * filled_percent / 100;
}

// Where pictures come so unevenly that a part is too short before the next one and too long behind it, it
// ends where it is less wrong.
bool HlsWindow::ends_part(const Fragment& picture) const {
  const auto length = length_until(picture.at);
  if (part_target_ == Time::zero()) return length >= least_part;
  const auto too_long = length + (picture.at - last_) - part_target_;
  return too_long > Time::zero() && least_filled() - length <= too_long;
}

// No part is listed longer than was announced, and none but a segment's last shorter than players rely on:
// what is listed of one may differ from its pictures by up to two steps, and the next makes up for it. Of a
// hole the rest belongs to no part.
void HlsWindow::end_part(Time at, bool is_last) {
  const auto length = length_until(at);
  if (part_target_ == Time::zero() && length >= least_part) part_target_ = length * room_percent / 100;
  open_.duration = length;
  if (part_target_ > Time::zero())
    open_.duration = std::clamp(length, is_last ? Time{1ms} : least_filled(), part_target_);
  carried_ = std::min<Time>(length - open_.duration, part_target_ / 2);
  segments_.back().parts.push_back(std::exchange(open_, {}));
}

void HlsWindow::end_segment(Time at) {
  end_part(at, true);
  auto& segment = segments_.back();
  segment.duration = std::max<Time>(at - segment.begin, 1ms);
  growing_ = false;
  if (!is_ready()) settle_target();
  trim();
}

void HlsWindow::settle_target() {
  const auto longest = std::max(segments_.back().duration, group_) + target_room;
  target_ = std::clamp<Time>(std::chrono::round<std::chrono::seconds>(longest), least_target,
                             std::chrono::ceil<std::chrono::seconds>(limits_.longest));
  // A first segment that is shorter than a part.
  if (part_target_ == Time::zero()) part_target_ = std::max(least_part, segments_.back().duration);
}

void HlsWindow::begin_segment(const Head& head, const Fragment& picture) {
  HlsSegment segment;
  segment.number = next_++;
  if (!head_ || head.number != head_number_)
    head_ = std::make_shared<const HlsHead>(HlsHead{segment.number, slice_of(head.frame, head.offset)});
  head_number_ = head.number;
  segment.head = head_;
  segment.discontinuity = interrupted_ && !segments_.empty();
  segment.begun = picture.wall;
  segment.begin = picture.at;
  segments_.push_back(std::move(segment));
  carried_ = Time::zero();
  interrupted_ = false;
  growing_ = true;
}

std::size_t HlsWindow::bytes() const noexcept {
  std::size_t all = 0;
  for (const auto& segment : segments_) all += segment.bytes;
  return all;
}

// A segment stays for a while when it is no longer listed: somebody may be about to ask for it.
void HlsWindow::trim() {
  Time listed{};
  for (std::size_t i = first_listed_; i < segments_.size(); ++i) listed += segments_[i].duration;
  while (segments_.size() - first_listed_ > 1) {
    const auto& oldest = segments_[first_listed_];
    const bool is_spare = listed - oldest.duration >= 6 * target_;
    if (!is_spare && segments_.size() - first_listed_ <= limits_.listed) break;
    // Never less than three target durations, as long as that many are not too short to be counted.
    if (listed - oldest.duration < 3 * target_ && segments_.size() - first_listed_ <= 2 * limits_.listed)
      break;
    if (oldest.discontinuity) ++discontinuities_;
    listed -= oldest.duration;
    ++first_listed_;
  }
  auto held = bytes();
  while (segments_.size() > 1 &&
         (first_listed_ > limits_.segments - limits_.listed || held > limits_.bytes)) {
    held -= segments_.front().bytes;
    if (first_listed_ > 0)
      --first_listed_;
    else if (segments_.front().discontinuity)
      ++discontinuities_;
    segments_.pop_front();
  }
}

std::pair<std::uint64_t, std::uint64_t> HlsWindow::coming() const noexcept {
  if (!growing_) return {next_, 0};
  return {segments_.back().number, segments_.back().parts.size()};
}

const HlsSegment* HlsWindow::find(std::uint64_t number) const noexcept {
  if (segments_.empty() || number < segments_.front().number) return nullptr;
  const auto at = number - segments_.front().number;
  return at < segments_.size() ? &segments_[at] : nullptr;
}

std::shared_ptr<const HlsHead> HlsWindow::head(std::uint64_t number) const noexcept {
  for (const auto& segment : segments_)
    if (segment.head->number == number) return segment.head;
  return nullptr;
}

std::optional<MonotonicTime> HlsWindow::newest() const noexcept {
  for (auto at = segments_.rbegin(); at != segments_.rend(); ++at)
    if (!at->parts.empty()) return at->parts.back().arrived;
  return std::nullopt;
}

}  // namespace porchlight::live
