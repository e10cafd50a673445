// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "porchlight/base/queue.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/store/acknowledgements.hpp"
#include "porchlight/store/alert_log.hpp"
#include "porchlight/store/audit_event.hpp"
#include "porchlight/store/audit_log.hpp"
#include "porchlight/store/outbox.hpp"
#include "porchlight/store/recognition_labels.hpp"
#include "porchlight/store/snapshot_folder.hpp"

namespace porchlight::pipeline {

// Writes an event and its messages in one transaction.
struct CommitEvent {
  event::Event event;
  std::vector<store::OutboxRow> rows;
  std::optional<std::chrono::milliseconds> picture_age;
};

// Calls `acknowledge` once, from the store lane, when the event is on the medium; at once when it is
// already. Never calls it for an event that cannot be written: the asker has a deadline of its own. When too
// many wait, the oldest are told to give up instead.
struct AwaitCommit {
  event::EventId id;
  std::function<void()> acknowledge;
  std::function<void()> give_up{};  // may be empty
};

// What came later for an event: its picture, or its film, and the messages that carry it.
struct AmendEvent {
  event::EventId id;
  store::JpegBytes picture;  // may be null
  std::vector<store::OutboxRow> rows;
  store::JpegBytes clip{};   // may be null
  std::string request_id{};  // for the log
};

// What lasted a while is over: the event as it is now, under its id.
struct CompleteEvent {
  event::Event event;
};

// What became of one attempt.
struct SettleMessage {
  store::RowKey key;
  store::DeliveryState state = store::DeliveryState::pending;
  std::uint32_t attempts = 0;
  WallTime at{};  // when it was settled; for `pending`: when to try again
  std::string receipt{};
  std::string error{};
  std::string request_id{};  // for the log
};

// Dead letters are to be tried again. On the audit record, under whoever wants it.
struct ResendMessages {
  store::OutboxFilter which;
  store::AuditActor actor;
  std::function<void(Result<store::Resent>)> answer;
};

// A channel's lane was full or is new: hand it what the outbox holds.
struct ReloadChannel {
  std::string channel_id;
};

// A command changed who is known.
struct ReadGallery {
  std::function<void(Result<std::size_t>)> answer;  // may be empty
};

// What somebody else than the lane wants in the audit log.
struct RecordAudit {
  store::AuditEntry entry;
  store::Durability durability = store::Durability::synced;
  std::function<void(Status)> answer;  // from the store lane; may be empty
};

// Somebody answers an event.
struct AnswerEvent {
  store::EventAnswer answer;
  std::function<void(Result<store::AnswerOutcome>)> done;  // from the store lane
};

// What Alertmanager told.
struct TakeAlerts {
  std::vector<store::ReceivedAlert> alerts;
  std::function<void(Result<std::size_t>)> done;  // from the store lane, once the new ones are committed
};

// Somebody says who was seen.
struct LabelEvent {
  store::IdentityClaim claim;
  std::function<void(Result<store::RecognitionLabel>)> done;  // from the store lane
};

// Writes an event as CommitEvent does, and takes it back instead of committing it.
struct RehearseEvent {
  event::Event event;
  std::vector<store::OutboxRow> rows{};
  std::function<void(Status)> done{};  // from the store lane
};

using StoreJob = std::variant<std::monostate, CommitEvent, AwaitCommit, AmendEvent, SettleMessage,
                              ResendMessages, ReloadChannel, ReadGallery, RecordAudit, AnswerEvent,
                              TakeAlerts, CompleteEvent, LabelEvent, RehearseEvent>;
using StoreQueue = MpscRing<StoreJob, QueueName::event_processing, Overflow::must_not_fill>;

}  // namespace porchlight::pipeline
