// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "pipeline/camera_table.hpp"
#include "pipeline/event_clips.hpp"
#include "pipeline/event_instruments.hpp"
#include "pipeline/queue_gauges.hpp"
#include "pipeline/routing.hpp"
#include "pipeline/store_job.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/base/queue.hpp"
#include "porchlight/media/jpeg.hpp"
#include "porchlight/notify/channel_lane.hpp"
#include "porchlight/notify/payload.hpp"
#include "porchlight/notify/rule_engine.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::pipeline {

// An event that is not a press, with the picture it was seen in.
struct Incoming {
  event::Event event;
  media::FramePtr picture;  // may be null
  bool completes = false;   // was told before, and is over now: who was told is not told again
  // Of a health check: the event goes its way, is not counted, told to nobody and not kept. Called once, with
  // the messages that were kept back, from the store lane or from whoever was in the way; must not wait.
  std::function<void(Result<std::size_t>)> rehearsal{};
};
using ButtonQueue = SpscRing<event::Event, QueueName::button, Overflow::must_not_fill>;
using EventQueue = MpscRing<Incoming, QueueName::event_processing, Overflow::must_not_fill>;

// The event lane: from the edge to the channels' lanes without touching disk or network. The first
// attempt of a message runs beside the commit of its event; the store lane acknowledges.
class Dispatcher {
 public:
  // Dispatcher's thread; must not block. Asks the vision lane who stands before the ring's camera.
  using ExpectRing = std::function<void(const event::Ring& ring)>;

  static Result<std::unique_ptr<Dispatcher>> create(const Clock& clock, telemetry::Metrics& metrics,
                                                    StoreQueue& store, ExpectRing expect_ring);

  // Before anybody offers. Called by whoever offers, on their thread; must not block.
  void on_offer(std::function<void(const event::Event&)> observer) { observer_ = std::move(observer); }
  // Before run(). Dispatcher's thread; must not block. False: not taken.
  void on_clip(std::function<bool(ClipWish)> wanted) { clip_wanted_ = std::move(wanted); }
  void offer_press(event::Event press);  // button lane
  void offer(Incoming incoming);         // any thread
  void read_queues(QueueGauges& gauges) const {
    gauges.add(buttons_);
    gauges.add(events_);
  }
  void set_cameras(CameraTablePtr table) { new_cameras_.post(std::move(table)); }  // main thread
  void set_routing(RoutingPtr routing) { new_routing_.post(std::move(routing)); }  // main thread
  bool routing_pending() const noexcept { return new_routing_.has_fresh(); }       // main thread

  // On stop first does everything that is queued.
  void run(std::stop_token stop, Heartbeat& heartbeat);

 private:
  // What a later answer to a ring needs.
  struct RingContext {
    event::Ring ring;
    std::optional<std::chrono::milliseconds> picture_age;
    store::JpegBytes picture;
  };

  Dispatcher(const Clock& clock, telemetry::Metrics& metrics, StoreQueue& store, ExpectRing expect_ring,
             Wakeup wakeup, media::JpegEncoder encoder);
  void refused(const event::Event& event);
  void take_news();
  bool work_once();
  void dispatch(Incoming incoming);
  void rehearse(Incoming incoming);
  void want_clip(const event::Event& event, const std::vector<notify::Route>& routes);
  void tell_recorder(const event::Event& event);
  notify::Decision decide(const event::Event& event);
  void on_ring(const event::Ring& ring, const std::vector<notify::Route>& routes);
  void on_sighting(const event::Sighting& sighting, const media::FramePtr& picture,
                   const std::vector<notify::Route>& routes);
  void answer_ring(const event::Sighting& sighting, const std::vector<notify::Route>& routes);
  void end_motion(const event::Motion& motion);
  void on_other(const event::Event& event, const media::FramePtr& picture,
                const std::vector<notify::Route>& routes);
  void send_picture(RingContext& context, const media::FramePtr& frame,
                    const std::vector<notify::Route>& routes);
  void commit(event::Event event, const std::vector<store::OutboxRow>& rows,
              std::optional<std::chrono::milliseconds> picture_age);
  void deliver(const std::vector<store::OutboxRow>& rows, const store::JpegBytes& picture,
               std::optional<MonotonicTime> edge);
  bool store(StoreJob job);  // false: refused, and said
  media::FramePtr newest_frame(const std::string& camera_id);
  store::JpegBytes encode(const media::FramePtr& frame);

  const Clock& clock_;
  StoreQueue& store_;
  const ExpectRing expect_ring_;
  std::function<bool(ClipWish)> clip_wanted_;          // const once it runs
  std::function<void(const event::Event&)> observer_;  // const once anybody offers
  const telemetry::Logger log_{"doorbell.pipeline", telemetry::Component::system};
  EventInstruments instruments_;
  Wakeup wakeup_;
  ButtonQueue buttons_;
  EventQueue events_;
  Mailbox<CameraTablePtr> new_cameras_;
  Mailbox<RoutingPtr> new_routing_;
  // dispatcher's thread only
  media::JpegEncoder encoder_;
  CameraTablePtr cameras_ = std::make_shared<const CameraTable>();
  RoutingPtr routing_ = std::make_shared<const Routing>();
  notify::RuleEngine engine_;
  std::map<std::string, media::FramePtr> newest_;
  std::deque<RingContext> recent_;  // newest last
};

}  // namespace porchlight::pipeline
