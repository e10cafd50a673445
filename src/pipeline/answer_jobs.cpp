// SPDX-License-Identifier: Apache-2.0
// What comes in from people and from Alertmanager: answers to an event, who was seen, alerts.
#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <utility>

#include "pipeline/store_open.hpp"
#include "porchlight/notify/answers.hpp"
#include "porchlight/store/acknowledgements.hpp"
#include "porchlight/store/alert_log.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
// The event lane takes milliseconds; what has not come back by then is lost and is told anew.
constexpr auto longest_way = 1min;
constexpr std::size_t most_under_way = 1024;

}  // namespace

void StoreLane::answer(const AnswerEvent& job) {
  // Somebody sees to it, whether that can be written or not.
  if (!open_) {
    (void)withdraw_escalations(job.answer.event);
    return job.done(Error(ErrorCode::unavailable, "the event log is not open"));
  }
  take_routing();
  std::vector<store::OutboxRow> rows;
  auto outcome =
      store::Acknowledgements(*open_->database)
          .add(job.answer, [&](const auto& event, const auto& made, const auto& told, auto number) {
            return rows = notify::answer_messages(event, job.answer, made, told, routing_->types, number,
                                                  clock_.wall());
          });
  if (outcome) {
    if (outcome->acknowledged) (void)withdraw_escalations(job.answer.event);
    // With what waits before it: a lane that had to refuse or give up the ring would send the reply alone.
    // What it refuses now is in the outbox, and it asks for that when it has room.
    for (auto& row : rows) {
      std::set<store::RowKey> handed;
      if (const auto lane = routing_->lanes.find(row.key.channel_id); lane != routing_->lanes.end())
        (void)hand_over(*lane->second, std::move(row), handed);
    }
    if (outcome->acknowledged || outcome->replied) sinks_.changed();
  } else {
    const bool unknown = outcome.error().code() == ErrorCode::not_found;
    // One that is not in the database may be held; an id that somebody made up withdraws nothing.
    if (!unknown || !held_.empty()) (void)withdraw_escalations(job.answer.event);
    if (!unknown) failed("an answer could not be written", outcome.error());
  }
  job.done(std::move(outcome));
}

void StoreLane::label(const LabelEvent& job) {
  auto outcome =
      open_ ? store::RecognitionLabels(*open_->database).put(job.claim)
            : Result<store::RecognitionLabel>(Error(ErrorCode::unavailable, "the event log is not open"));
  if (outcome) {
    show_recognition();
  } else {
    const auto code = outcome.error().code();
    const bool callers =
        code == ErrorCode::not_found || code == ErrorCode::unsupported || code == ErrorCode::invalid_argument;
    if (open_ && !callers) failed("who was seen could not be written", outcome.error());
  }
  job.done(std::move(outcome));
}

// Until the database can be read what was shown stays.
void StoreLane::show_recognition() {
  if (auto version = new_face_model_.take()) face_model_ = std::move(*version);
  if (face_model_.empty()) return recognition_.show({}, {});
  if (!open_) return;
  const auto tally = store::RecognitionLabels(*open_->database).window(face_model_, RecognitionMeter::window);
  if (!tally) return failed("what people said about who was seen cannot be read", tally.error());
  recognition_.show(face_model_, *tally);
}

void StoreLane::take_alerts(const TakeAlerts& job) {
  if (!open_) return job.done(Error(ErrorCode::unavailable, "the event log is not open"));
  auto fresh = store::AlertLog(*open_->database).take(job.alerts, clock_.wall());
  if (!fresh) {
    failed("alerts could not be written", fresh.error());
    return job.done(fresh.error());
  }
  if (fresh->empty()) return job.done(std::size_t{0});
  // One that another notification has just brought is not on the medium yet: it is waited for, not told
  // again.
  const auto ours = std::count_if(fresh->begin(), fresh->end(),
                                  [this](const auto& alert) { return !is_under_way(alert.header.id); });
  struct Notification {
    std::size_t left;  // 0: answered
    std::size_t ours;
    std::function<void(Result<std::size_t>)> done;
  };
  const auto told =
      std::make_shared<Notification>(Notification{fresh->size(), static_cast<std::size_t>(ours), job.done});
  for (auto& alert : *fresh) {
    const bool is_ours = !is_under_way(alert.header.id);
    await({alert.header.id,
           [told] {
             if (told->left > 0 && --told->left == 0) told->done(told->ours);
           },
           [told] {
             if (std::exchange(told->left, 0) > 0)
               told->done(Error(ErrorCode::unavailable, "too many alerts wait to be written"));
           }});
    if (!is_ours) continue;
    note_under_way(alert.header.id);
    log_.with(alert.header.trace, &alert.header.id)
        .info("alert", {{"alert", telemetry::scrubbed(alert.name)},
                        {"severity", alert.severity},
                        {"status", std::string(alert.firing ? "firing" : "resolved")}});
    sinks_.alarm(std::move(alert));
  }
}

bool StoreLane::is_under_way(const event::EventId& alert) const {
  if (held_.holds(alert)) return true;
  const auto since = under_way_.find(alert);
  return since != under_way_.end() && clock_.now() - since->second < longest_way;
}

void StoreLane::note_under_way(const event::EventId& alert) {
  under_way_[alert] = clock_.now();
  if (under_way_.size() > most_under_way) under_way_.erase(under_way_.begin());  // ids sort by time
}

}  // namespace porchlight::pipeline
