// SPDX-License-Identifier: Apache-2.0
#include "record/pre_roll.hpp"

#include <iterator>
#include <utility>

#include "porchlight/base/overloaded.hpp"

namespace porchlight::record {
namespace {

std::size_t bytes_of(const RecordItem& item) {
  const auto* packet = std::get_if<media::PacketPtr>(&item);
  return packet == nullptr ? 0 : (*packet)->size;
}

MonotonicTime time_of(const RecordItem& item) {
  return std::visit(
      Overloaded{[](std::monostate) { return MonotonicTime{}; },
                 [](const media::PacketPtr& packet) { return packet->arrived; },
                 [](const LeftOut& left) { return left.from; }, [](const auto& note) { return note.at; }},
      item);
}

event::GapCause cause_of(const RecordItem& item) {
  if (const auto* gone = std::get_if<CameraGone>(&item)) return gone->cause;
  if (std::holds_alternative<PicturesLost>(item)) return event::GapCause::lost_packets;
  return event::GapCause::overload;  // also what was let go to make room
}

}  // namespace

PreRoll::Held PreRoll::held(RecordItem item) {
  Held made{std::move(item), {}, false, true};
  made.at = time_of(made.item);
  if (const auto* packet = std::get_if<media::PacketPtr>(&made.item)) {
    made.note = false;
    made.keyframe = (*packet)->keyframe && (*packet)->stream->kind == media::MediaKind::video;
  }
  return made;
}

void PreRoll::add(RecordItem item) {
  auto next = held(std::move(item));
  const bool after_note = items_.empty() || items_.back().note;
  if (after_note && !next.keyframe && !next.note) return;  // a group whose keyframe is missing
  bytes_ += bytes_of(next.item);
  const auto now = next.at;
  items_.push_back(std::move(next));
  trim(now);
}

// Where the second group of pictures begins; size() when there is none.
std::size_t PreRoll::next_group() const noexcept {
  std::size_t at = 1;
  while (at < items_.size() && !items_[at].keyframe) ++at;
  return at;
}

void PreRoll::drop_front(std::size_t count) {
  for (; count > 0; --count) {
    missing_before_ = cause_of(items_.front().item);
    bytes_ -= bytes_of(items_.front().item);
    items_.pop_front();
  }
}

void PreRoll::trim(MonotonicTime now) {
  for (;;) {
    const auto next = next_group();
    if (next < items_.size() && (items_[next].at + limits_.keep <= now || bytes_ > limits_.bytes))
      drop_front(next);
    else
      break;
  }
  // A group that is larger than everything we may hold; or notes of a camera that never comes back.
  constexpr std::size_t most_notes = 4096;
  if (bytes_ > limits_.bytes || (items_.size() > most_notes && items_.back().note)) drop_front(items_.size());
}

std::vector<RecordItem> PreRoll::take_from(MonotonicTime from) {
  std::size_t first = 0;
  for (std::size_t i = 0; i < items_.size() && items_[i].at <= from; ++i)
    if (items_[i].keyframe || items_[i].note) first = i;
  drop_front(first);
  std::vector<RecordItem> taken;
  taken.reserve(items_.size());
  for (auto& one : items_) taken.push_back(std::move(one.item));
  items_.clear();
  bytes_ = 0;
  return taken;
}

void PreRoll::begin_after(event::GapCause cause) {
  items_.clear();
  bytes_ = 0;
  missing_before_ = cause;
}

}  // namespace porchlight::record
