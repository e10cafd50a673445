// SPDX-License-Identifier: Apache-2.0
#include "record/span_book.hpp"

#include <algorithm>
#include <utility>

namespace porchlight::record {
namespace {

constexpr std::chrono::seconds tell_again{30};

}  // namespace

SpanBook::SpanBook(std::string camera_id, const RecordOptions& options, std::function<void(RecordNote)> tell)
    : camera_id_(std::move(camera_id)),
      pre_roll_(options.pre_roll),
      post_roll_(options.post_roll),
      tell_(std::move(tell)) {}

void SpanBook::take(const Trigger& trigger) {
  const auto known = lasting_.find(trigger.event);
  const auto first = known == lasting_.end() ? trigger.at : known->second.first;
  if (!trigger.lasts && known != lasting_.end()) lasting_.erase(known);
  if (trigger.lasts && (known != lasting_.end() || lasting_.size() < most))
    lasting_.insert_or_assign(trigger.event, Lasting{first, trigger.at});
  tell(trigger.event, first, trigger.at);
}

void SpanBook::tell(const event::EventId& event, MonotonicTime first, MonotonicTime last) {
  until_ = std::max(until_, last + post_roll_);
  tell_(SpanNote{camera_id_, event, first - pre_roll_, last + post_roll_});
}

void SpanBook::tick(MonotonicTime now) {
  for (auto it = lasting_.begin(); it != lasting_.end();) {
    const bool over = now - it->second.first >= longest;
    if (over || now - it->second.told >= tell_again) {
      it->second.told = now;
      tell(it->first, it->second.first, now);
    }
    it = over ? lasting_.erase(it) : std::next(it);
  }
}

}  // namespace porchlight::record
