// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/audit_trail.hpp"
#include "pipeline/event_outcomes.hpp"
#include "pipeline/held_events.hpp"
#include "pipeline/recognition_meter.hpp"
#include "pipeline/routing.hpp"
#include "pipeline/store_job.hpp"
#include "pipeline/timeline.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/store/gallery_store.hpp"
#include "porchlight/telemetry/cache_meter.hpp"
#include "porchlight/telemetry/health.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::pipeline {

using People = std::shared_ptr<const std::vector<store::Person>>;

// The only thread of the daemon that writes the database and the audit log. Nothing waits for it but
// acknowledgements: while the database cannot be opened or written, events are held in memory (see
// HeldEvents) and written when it can be again; their messages have left in the meantime.
class StoreLane {
 public:
  // Called on the store lane's thread; must not block.
  struct Sinks {
    std::function<void(People)> people;  // who is known, whenever that changed
    std::function<void(RecentRings)> rings;
    std::function<void(event::Event)>
        alarm;                      // what is an event and not yet one: damage of the audit log, alerts
    std::function<void()> changed;  // an event was committed or got its picture
  };
  static constexpr std::size_t awaited_limit = 1024;

  StoreLane(std::filesystem::path folder, const Clock& clock, telemetry::Metrics& metrics,
            telemetry::Health& health, Wakeup wakeup, Sinks sinks);
  ~StoreLane();

  StoreQueue& queue() noexcept { return queue_; }                                  // any thread pushes
  void set_routing(RoutingPtr routing) { new_routing_.post(std::move(routing)); }  // main thread
  // Main thread: the `model_version` that sightings have from now on; empty: nobody is recognised.
  void set_face_model(std::string version) { new_face_model_.post(std::move(version)); }

  // Opens the database (retrying while it cannot be opened), then works until stopped; on stop it
  // first does everything that is queued.
  void run(std::stop_token stop, Heartbeat& heartbeat);

  // Any thread: what the first attempt to open gave; nothing before it.
  enum class Opened { not_yet, yes, no };
  Opened opened() const noexcept { return opened_.load(std::memory_order_acquire); }
  // Valid once opened() is `no`.
  const std::string& open_fault() const noexcept { return open_fault_; }
  // Any thread: see AuditTrail::intact().
  std::optional<bool> audit_intact() const noexcept { return audit_.intact(); }
  // Any thread: what is pushed now is not worked off any more.
  bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }

 private:
  struct Open;
  void try_open();
  void work(StoreJob job);
  void commit(CommitEvent job);
  void note_committed(const CommitEvent& job);
  void write_held();
  void await(AwaitCommit job);
  void add_clip(AmendEvent job);
  void amend(AmendEvent job);
  void complete(CompleteEvent job);
  bool complete_stored(const event::Event& event);
  void complete_again();
  void settle(const SettleMessage& job);
  Result<std::size_t> withdraw_escalations(const event::EventId& id);
  Result<std::size_t> cancel_rows(const event::EventId& id);
  void tell_withdrawals();
  enum class Held { searched, ignored };
  void note_end(const event::Event& event, Held held);
  bool end_stored(const notify::Ended& ended, const std::optional<event::EventId>& end = {});
  void end_again();
  void resend(const ResendMessages& job);
  Result<store::Resent> resend_rows(store::OutboxFilter which);
  void reload(const ReloadChannel& job);
  void reload_again();
  void reload_later(const std::string& channel_id);
  bool hand_over(notify::ChannelLane& lane, store::OutboxRow row, std::set<store::RowKey>& handed);
  bool push_reloaded(notify::ChannelLane& lane, store::OutboxRow row,
                     std::map<std::uint32_t, std::string> receipts);
  void read_gallery(const ReadGallery& job);
  void record(const RecordAudit& job);
  void answer(const AnswerEvent& job);
  void take_alerts(const TakeAlerts& job);
  void label(const LabelEvent& job);
  void show_recognition();
  void rehearse(const RehearseEvent& job);
  bool is_under_way(const event::EventId& alert) const;
  void note_under_way(const event::EventId& alert);
  void note_delivery(const SettleMessage& job);
  void look_at_gallery();
  void measure_faces(const std::vector<store::Person>& people);
  void take_names(const std::vector<store::Person>& people);
  void tell_names();
  void leave_out_forgotten(CommitEvent& job) const;
  void leave_out_strangers(std::vector<store::OutboxRow>& rows) const;
  void tidy();
  void take_routing();
  void measure_outbox();
  void expire_abandoned(const std::map<std::string, store::Outbox::Depth>& depths);
  void failed(std::string_view doing, const Error& error);

  const std::filesystem::path folder_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  telemetry::Health& health_;
  const telemetry::Logger log_{"doorbell.store", telemetry::Component::storage};
  const Sinks sinks_;
  telemetry::Counter errors_;
  EventOutcomes outcomes_;
  telemetry::Gauge known_faces_;
  telemetry::CacheMeter face_cache_;
  RecognitionMeter recognition_;
  Wakeup wakeup_;
  StoreQueue queue_;
  Mailbox<RoutingPtr> new_routing_;
  Mailbox<std::string> new_face_model_;
  std::atomic<Opened> opened_{Opened::not_yet};
  std::string open_fault_;  // written before opened_ is released
  std::atomic<bool> ended_{false};
  // store thread only
  std::unique_ptr<Open> open_;
  AuditTrail audit_;  // before open_ in destruction: it uses the database
  RoutingPtr routing_ = std::make_shared<const Routing>();
  HeldEvents held_;
  std::multimap<event::EventId, AwaitCommit> awaiting_;
  std::map<event::EventId, MonotonicTime> under_way_;  // alerts on their way through the event lane, since
  std::deque<event::EventId> committed_;               // the newest, for an AwaitCommit that comes late
  std::vector<std::string> channels_asked_;            // ReloadChannel while the database was not open
  // channels whose outbox was not read to its end, and when to go on
  std::map<std::string, MonotonicTime> next_reload_;
  // withdrawals that a lane could not take yet
  std::deque<std::pair<std::string, event::EventId>> untold_;
  // ends whose escalations the database would not say or withdraw, each with its event
  std::deque<std::pair<notify::Ended, event::EventId>> unended_;
  std::deque<CompleteEvent> incomplete_;  // ends that could not be written, the newest of each event
  Timeline timeline_;
  MonotonicTime next_open_{};
  MonotonicTime next_look_{};
  MonotonicTime next_ending_{};
  MonotonicTime next_completion_{};
  MonotonicTime next_tidy_{};
  MonotonicTime next_measure_{};
  std::optional<std::uint64_t> gallery_revision_;
  std::map<std::int64_t, std::string> people_;  // as of that revision
  std::set<std::int64_t> faces_;                // so are these
  notify::KnownNames names_;                    // theirs; null: not known yet
  std::string face_model_;
  std::string last_fault_;
};

}  // namespace porchlight::pipeline
