// SPDX-License-Identifier: Apache-2.0
#include "record/gap_book.hpp"

#include <algorithm>
#include <utility>

namespace porchlight::record {

GapBook::GapBook(std::string camera_id, std::function<void(RecordNote)> tell, Count count)
    : camera_id_(std::move(camera_id)), tell_(std::move(tell)), count_(std::move(count)) {}

void GapBook::begin(event::GapCause cause, MonotonicTime begin, std::string detail) {
  if (gap_ && gap_->cause == cause) return;
  if (gap_) {
    begin = std::max(begin, counted_);
    end(begin);
  }
  gap_ = GapNote{camera_id_, cause, std::move(detail), begin, std::nullopt};
  counted_ = begin;
}

void GapBook::end(MonotonicTime end) {
  if (!gap_) return;
  count(end);
  auto over = *std::exchange(gap_, std::nullopt);
  if (counted_ == over.begin) return;
  over.end = std::max(end, over.begin);
  tell_(std::move(over));
}

void GapBook::count(MonotonicTime now) {
  if (!gap_ || now <= counted_) return;
  if (counted_ == gap_->begin) tell_(*gap_);
  count_(gap_->cause, now - counted_);
  counted_ = now;
}

}  // namespace porchlight::record
