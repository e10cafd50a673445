// SPDX-License-Identifier: Apache-2.0
// What the store lane does with the outbox: hands it to the lanes, sends again, measures.
#include <algorithm>
#include <utility>

#include "pipeline/store_open.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
constexpr auto measure_period = 5s;
constexpr auto reload_pause = 1s;  // after a fault of the database
// More than a lane can hold: either these are all, or one is refused and the lane asks again.
constexpr std::size_t reload_limit = 1024;
// A commit of a ring waits for no more than this many rows.
constexpr std::size_t resend_limit = 500;

std::string words_of(const store::OutboxFilter& which) {
  std::string words = "sent again: ";
  if (which.event_id) {
    words += which.event_id->text();
    if (which.sequence) words += ":" + std::to_string(*which.sequence);
  } else {
    words += "all dead letters";
  }
  return which.channel_id.empty() ? words : words + " of channel " + which.channel_id;
}

store::AuditEntry entry_of(const ResendMessages& job, std::string changes, store::AuditResult result) {
  return {store::DataModification{store::plain("outbox"), "update", store::plain(std::move(changes)), result},
          job.actor,
          {}};
}

}  // namespace

void StoreLane::reload(const ReloadChannel& job) {
  if (!open_) {
    if (std::find(channels_asked_.begin(), channels_asked_.end(), job.channel_id) == channels_asked_.end())
      channels_asked_.push_back(job.channel_id);
    return;
  }
  if (const auto later = next_reload_.find(job.channel_id); later != next_reload_.end()) {
    if (later->second > clock_.now()) return;
    next_reload_.erase(later);
  }
  take_routing();
  const auto lane = routing_->lanes.find(job.channel_id);
  if (lane == routing_->lanes.end()) return;
  auto rows = open_->outbox.pending(job.channel_id, reload_limit, clock_.wall());
  if (!rows) {
    reload_later(job.channel_id);  // the lane asks once
    return failed("the outbox could not be read", rows.error());
  }
  const bool whole = rows->size() < reload_limit;
  std::set<store::RowKey> handed;
  for (auto& row : *rows)
    // Refused: the lane is full again and will ask again.
    if (!hand_over(*lane->second, std::move(row), handed)) return;
  // It took more than it can hold, so it works them off: there is more where these came from.
  if (!whole) next_reload_.emplace(job.channel_id, clock_.now());
}

void StoreLane::reload_again() {
  std::vector<std::string> due;
  for (const auto& [channel, at] : next_reload_)
    if (at <= clock_.now()) due.push_back(channel);
  for (const auto& channel : due) reload({channel});
}

// A broken database is not asked with every job.
void StoreLane::reload_later(const std::string& channel_id) {
  next_reload_.insert_or_assign(channel_id, clock_.now() + reload_pause);
}

// An update goes after what waits before it, and with what the other side called what has left. `handed`:
// what was handed over with an earlier row.
bool StoreLane::hand_over(notify::ChannelLane& lane, store::OutboxRow row, std::set<store::RowKey>& handed) {
  if (handed.contains(row.key)) return true;
  std::map<std::uint32_t, std::string> receipts;
  if (row.key.sequence > 0) {
    auto earlier = open_->outbox.of_event(row.key.event_id, row.key.channel_id);
    if (!earlier) {
      failed("the outbox could not be read", earlier.error());
      reload_later(row.key.channel_id);  // no lane will ask for it
      return false;
    }
    for (auto& before : *earlier) {
      if (before.key.sequence >= row.key.sequence) break;
      if (!before.receipt.empty()) receipts[before.key.sequence] = before.receipt;
      const bool waits = before.state == store::DeliveryState::pending;
      if (waits && handed.insert(before.key).second && !push_reloaded(lane, std::move(before), receipts))
        return false;
    }
  }
  handed.insert(row.key);
  return push_reloaded(lane, std::move(row), std::move(receipts));
}

bool StoreLane::push_reloaded(notify::ChannelLane& lane, store::OutboxRow row,
                              std::map<std::uint32_t, std::string> receipts) {
  auto picture = row.picture ? open_->snapshots.load(row.key.event_id) : Result<store::JpegBytes>(nullptr);
  notify::Message message;
  message.row = std::move(row);
  auto requested = notify::requested_by(message.row);
  message.request_id = std::move(requested.id);
  message.correlation_id = std::move(requested.correlation_id);
  if (picture) message.picture = std::move(*picture);
  if (message.row.key.sequence == notify::clip_update)
    if (auto clip = open_->snapshots.load_clip(message.row.key.event_id)) message.clip = std::move(*clip);
  message.receipts = std::move(receipts);
  message.reloaded = true;
  return lane.push(std::move(message));
}

// Its messages go by way of the outbox: nobody waits for them, and what is before them goes first.
void StoreLane::add_clip(AmendEvent job) {
  leave_out_strangers(job.rows);
  if (!open_) return failed("a clip is given up", Error(ErrorCode::unavailable, "the event log is not open"));
  if (auto status = open_->snapshots.save_clip(job.id, *job.clip); !status)
    return failed("a clip could not be stored, no message carries it", status.error());
  if (auto status = open_->log.amend(job.id, std::nullopt, job.rows); !status)
    return failed("an event could not be amended", status.error());
  for (const auto& row : job.rows) next_reload_.emplace(row.key.channel_id, clock_.now());
}

// Recorded before it is done, as every change of what is stored; what cannot be recorded is not done.
void StoreLane::resend(const ResendMessages& job) {
  auto resent = [&]() -> Result<store::Resent> {
    if (!open_) return Error(ErrorCode::unavailable, "the event log is not open");
    const auto words = words_of(job.which);
    if (auto status =
            audit_.record(entry_of(job, words, store::AuditResult::begun), store::Durability::synced);
        !status)
      return std::move(status).error().context("not done, because it cannot be recorded");
    auto done = resend_rows(job.which);
    (void)audit_.record(
        entry_of(job, done ? words + ", messages: " + std::to_string(done->rows.size()) : words,
                 done ? store::AuditResult::success : store::AuditResult::failure),
        store::Durability::synced);
    return done;
  }();
  if (job.answer) job.answer(std::move(resent));
}

Result<store::Resent> StoreLane::resend_rows(store::OutboxFilter which) {
  take_routing();
  std::set<std::string> channels;
  for (const auto& [id, lane] : routing_->lanes) channels.insert(id);
  which.limit = std::min(which.limit, resend_limit);
  auto resent = open_->outbox.resend(which, channels, clock_.wall());
  if (!resent) return resent;
  std::set<std::string> concerned;
  for (const auto& key : resent->rows) concerned.insert(key.channel_id);
  for (const auto& id : concerned) reload({id});
  next_measure_ = clock_.now();
  return resent;
}

// Several channels of one type are one series.
void StoreLane::measure_outbox() {
  next_measure_ = clock_.now() + measure_period;
  take_routing();
  auto depths = open_->outbox.depth_by_channel(clock_.wall());
  if (!depths) return failed("the outbox could not be read", depths.error());
  auto dead = open_->outbox.dead_by_channel();
  if (!dead) return failed("the outbox could not be read", dead.error());
  expire_abandoned(*depths);
  struct Backlog {
    std::uint64_t pending = 0;
    std::uint64_t dead = 0;
    std::optional<WallTime> oldest;
  };
  std::map<std::string, Backlog> by_type;
  for (const auto& [id, type] : routing_->types) {
    auto& backlog = by_type[type];
    if (const auto letters = dead->find(id); letters != dead->end()) backlog.dead += letters->second;
    const auto depth = depths->find(id);
    if (depth == depths->end()) continue;
    backlog.pending += depth->second.pending;
    if (const auto oldest = depth->second.oldest; oldest && (!backlog.oldest || *oldest < *backlog.oldest))
      backlog.oldest = oldest;
  }
  for (const auto& [type, backlog] : by_type) {
    metrics_.gauge("outbox_depth", {{"channel", type}}).set(static_cast<double>(backlog.pending));
    metrics_.gauge("outbox_dead_letters", {{"channel", type}}).set(static_cast<double>(backlog.dead));
    auto age = metrics_.gauge("outbox_oldest_age_seconds", {{"channel", type}});
    if (backlog.oldest)
      age.set(std::chrono::duration<double>(clock_.wall() - *backlog.oldest).count());
    else
      age.clear();
  }
}

// No lane watches the time of messages to a channel that was taken out of the configuration.
void StoreLane::expire_abandoned(const std::map<std::string, store::Outbox::Depth>& depths) {
  for (const auto& [channel, depth] : depths) {
    if (routing_->lanes.contains(channel)) continue;
    if (auto expired = open_->outbox.expire_abandoned(channel, clock_.wall()); !expired)
      failed("the outbox could not be written", expired.error());
    else if (*expired > 0)
      log_.error("messages to a channel that does not exist any more have expired",
                 {{"channel_id", channel}, {"messages", static_cast<std::int64_t>(*expired)}});
  }
}

}  // namespace porchlight::pipeline
