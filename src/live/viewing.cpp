// SPDX-License-Identifier: Apache-2.0
#include "live/viewing.hpp"

namespace porchlight::live {
namespace {

constexpr std::chrono::seconds between_measures{5};

}  // namespace

void Viewing::begin_group() noexcept {
  in_group_ = true;
  given_before_group_ = given_bytes_;
}

void Viewing::end_group() noexcept {
  in_group_ = false;
  allowance_ = limits_->waiting_bytes + static_cast<std::size_t>(given_bytes_ - given_before_group_);
}

// Behind until only a quarter waits, else it would be given a keyframe and nothing after it.
bool Viewing::keeps_up(MonotonicTime now) {
  if (in_group_) return !behind_since_;
  const auto waiting = viewer_->outlet.waiting();
  if (waiting <= limits_->waiting_bytes / 4) allowance_ = limits_->waiting_bytes;
  if (behind_since_ && waiting <= allowance_ / 4) behind_since_.reset();
  if (!behind_since_ && waiting > allowance_) behind_since_ = now;
  return !behind_since_;
}

void Viewing::put(const http::SharedFrame& frame) {
  viewer_->outlet.media(frame);
  given_bytes_ += frame->size();
  untold_bytes_ += frame->size();
}

bool Viewing::give(const Head& head, const Fragment& fragment, MonotonicTime now) {
  if (!keeps_up(now)) needs_keyframe_ = true;
  if (needs_keyframe_ && (!fragment.keyframe || behind_since_)) return false;
  needs_keyframe_ = false;
  if (head_ != head.number) {
    viewer_->outlet.text(head.text);
    put(head.frame);
    head_ = head.number;
  }
  put(fragment.frame);
  told_.clear();
  return true;
}

void Viewing::tell(std::string_view message) {
  if (told_ == message) return;
  told_ = message;
  viewer_->outlet.text(message);
}

bool Viewing::is_well(MonotonicTime now) {
  if (viewer_->is_gone()) return false;
  keeps_up(now);
  if (behind_since_ && now - *behind_since_ > limits_->slow) {
    viewer_->outlet.close(try_again_later, "too slow for this stream");
    return false;
  }
  if (now - viewer_->heard_at() > limits_->silent) {
    viewer_->outlet.close(try_again_later, "nothing was heard");
    return false;
  }
  return true;
}

bool Viewing::is_measured(MonotonicTime now) {
  // Who has not said yet how late it shows pictures is not measured.
  if (viewer_->heard_at() <= joined_ || (measured_ && now - *measured_ < between_measures)) return false;
  measured_ = now;
  return true;
}

}  // namespace porchlight::live
