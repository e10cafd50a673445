// SPDX-License-Identifier: Apache-2.0
#include "pipeline/dispatcher.hpp"

#include <algorithm>
#include <utility>

#include "pipeline/event_scope.hpp"
#include "pipeline/footage_trigger.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t button_capacity = 1024;
constexpr std::size_t event_capacity = 1024;
constexpr auto idle_beat = 1s;
// Of a camera that was lost a while ago there is no picture of this ring.
constexpr auto stale_after = 5s;

bool is_later(const notify::Route& route) {
  return route.after > 0ms;
}

// Who is told at once and gets the picture after the text. Whoever is told later gets both as one message.
std::vector<notify::Route> with_picture(std::vector<notify::Route> routes) {
  std::erase_if(routes, [](const notify::Route& route) { return !route.attach_snapshot || is_later(route); });
  return routes;
}

bool any_picture(const std::vector<store::OutboxRow>& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const store::OutboxRow& row) { return row.picture; });
}

}  // namespace

Result<std::unique_ptr<Dispatcher>> Dispatcher::create(const Clock& clock, telemetry::Metrics& metrics,
                                                       StoreQueue& store, ExpectRing expect_ring) {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error();
  auto encoder = media::JpegEncoder::create();
  if (!encoder) return std::move(encoder).error();
  return std::unique_ptr<Dispatcher>(
      new Dispatcher(clock, metrics, store, std::move(expect_ring), std::move(*wakeup), std::move(*encoder)));
}

Dispatcher::Dispatcher(const Clock& clock, telemetry::Metrics& metrics, StoreQueue& store,
                       ExpectRing expect_ring, Wakeup wakeup, media::JpegEncoder encoder)
    : clock_(clock),
      store_(store),
      expect_ring_(std::move(expect_ring)),
      instruments_(metrics),
      wakeup_(std::move(wakeup)),
      buttons_(button_capacity, wakeup_),
      events_(event_capacity, wakeup_),
      new_cameras_(&wakeup_),
      new_routing_(&wakeup_),
      encoder_(std::move(encoder)) {}

void Dispatcher::run(std::stop_token stop, Heartbeat& heartbeat) {
  std::stop_callback wake(stop, [this] { wakeup_.notify(); });
  while (!stop.stop_requested()) {
    heartbeat.beat();
    take_news();
    if (work_once()) continue;
    wakeup_.wait_for(idle_beat, [&] {
      return !buttons_.empty() || !events_.empty() || new_cameras_.has_fresh() || new_routing_.has_fresh() ||
             stop.stop_requested();
    });
  }
  take_news();
  while (work_once()) continue;
}

void Dispatcher::offer_press(event::Event press) {
  if (buttons_.push(press)) return;
  refused(press);
}

void Dispatcher::offer(Incoming incoming) {
  if (auto rehearsal = incoming.rehearsal) {
    if (!events_.push(std::move(incoming)))
      rehearsal(Error(ErrorCode::resource, "the event lane's queue is full"));
    return;
  }
  if (observer_) observer_(incoming.event);
  const auto event = incoming.event;
  if (events_.push(std::move(incoming))) return;
  refused(event);
}

// These rings are sized so that they do not fill: when one does, the lane hangs, and the supervisor
// is about to say so.
void Dispatcher::refused(const event::Event& event) {
  instruments_.outcomes.dropped(event);
  log_.critical("the event lane's queue is full, an event is given up",
                {{"type", std::string(event::type_of(event))}});
}

void Dispatcher::take_news() {
  if (auto table = new_cameras_.take()) {
    cameras_ = std::move(*table);
    std::erase_if(newest_, [this](const auto& entry) { return !cameras_->contains(entry.first); });
  }
  if (auto routing = new_routing_.take()) {
    routing_ = std::move(*routing);
    engine_.configure(routing_->rules);
  }
}

// Presses before everything else, one event between two looks at them.
bool Dispatcher::work_once() {
  if (auto press = buttons_.pop()) {
    dispatch({std::move(*press), nullptr});
    return true;
  }
  if (auto incoming = events_.pop()) {
    dispatch(std::move(*incoming));
    return true;
  }
  return false;
}

notify::Decision Dispatcher::decide(const event::Event& event) {
  auto decision = engine_.decide(event, clock_.wall(), clock_.now());
  for (const auto ruling : decision.rules) instruments_.ruled(ruling);
  for (const auto& skip : decision.skipped) instruments_.ruled(skip.why);
  return decision;
}

// The recorder keeps what was before and after; its queue never waits.
void Dispatcher::tell_recorder(const event::Event& event) {
  const auto view = cameras_->find(event::camera_of(event));
  if (view == cameras_->end() || view->second->recorder == nullptr) return;
  const auto trigger = trigger_of(event, clock_.now());
  if (!trigger || view->second->recorder->trigger(*trigger)) return;
  log_.with(event::header_of(event).trace, &event::header_of(event).id)
      .error("the recorder does not keep up, an event's footage may be kept no longer than any other",
             {{"camera_id", view->first}});
}

// What the rules remember of others stays as it is.
void Dispatcher::rehearse(Incoming incoming) {
  auto engine = engine_;
  const auto decision = engine.decide(incoming.event, clock_.wall(), clock_.now());
  RehearseEvent job{std::move(incoming.event)};
  for (const auto& route : with_everything(*routing_, decision.routes))
    job.rows.push_back(notify::message_of(job.event, route, clock_.wall()));
  job.done = [suppressed = job.rows.size(), rehearsal = incoming.rehearsal](Status status) {
    if (!status) return rehearsal(std::move(status).error());
    rehearsal(suppressed);
  };
  if (!store_.push(std::move(job)))
    incoming.rehearsal(Error(ErrorCode::resource, "the store lane's queue is full"));
}

void Dispatcher::dispatch(Incoming incoming) {
  if (incoming.rehearsal) return rehearse(std::move(incoming));
  const telemetry::ContextScope scope(context_of(incoming.event));
  tell_recorder(incoming.event);
  if (const auto* motion = std::get_if<event::Motion>(&incoming.event); motion != nullptr && motion->ended)
    return end_motion(*motion);
  if (incoming.completes) return void(store(CompleteEvent{std::move(incoming.event)}));
  const auto begun = clock_.now();
  auto decision = decide(incoming.event);
  if (auto* security = std::get_if<event::Security>(&incoming.event))
    security->action = !decision.routes.empty() || decision.told_as_sighting ? "alert_sent" : "logged";
  instruments_.count(incoming.event);
  const auto routes = with_everything(*routing_, std::move(decision.routes));
  if (const auto* ring = std::get_if<event::Ring>(&incoming.event))
    on_ring(*ring, routes);
  else if (const auto* sighting = std::get_if<event::Sighting>(&incoming.event))
    on_sighting(*sighting, incoming.picture, routes);
  else
    on_other(incoming.event, incoming.picture, routes);
  want_clip(incoming.event, routes);
  instruments_.took(incoming.event, begun, clock_.now());
}

// Last of all: what was to be told is on its way.
void Dispatcher::want_clip(const event::Event& event, const std::vector<notify::Route>& routes) {
  // Of a face at a ring the ring itself has one.
  if (const auto* sighting = std::get_if<event::Sighting>(&event); sighting != nullptr && sighting->ring_id)
    return;
  ClipWish wish{event, {}};
  for (const auto& route : routes) {
    const auto type = routing_->types.find(route.channel_id);
    if (route.attach_clip && type != routing_->types.end() && notify::carries_clips(type->second))
      wish.routes.push_back(route);
  }
  if (wish.routes.empty() || !clip_wanted_ || clip_wanted_(std::move(wish))) return;
  log_.with(event::header_of(event).trace, &event::header_of(event).id)
      .warning("an event's clip could not be made, nobody is sent one", {{"fault", "too many are looking"}});
}

void Dispatcher::on_ring(const event::Ring& ring, const std::vector<notify::Route>& routes) {
  // The frame first: it is the one of this instant.
  const auto frame = newest_frame(ring.camera_id);
  RingContext context{ring, {}, {}};
  if (frame)
    context.picture_age = std::max(
        0ms, std::chrono::duration_cast<std::chrono::milliseconds>(ring.header.edge - frame->arrived));
  std::vector<store::OutboxRow> rows;
  std::vector<store::OutboxRow> later;
  for (const auto& route : routes) {
    auto row = notify::message_of(ring, route, clock_.wall(), context.picture_age);
    row.picture = is_later(route) && route.attach_snapshot && frame != nullptr;
    (is_later(route) ? later : rows).push_back(std::move(row));
  }
  auto all = rows;
  all.insert(all.end(), later.begin(), later.end());
  commit(ring, all, context.picture_age);
  deliver(rows, nullptr, ring.header.edge);
  if (frame) send_picture(context, frame, with_picture(routes));
  deliver(later, context.picture, ring.header.edge);
  if (!ring.camera_id.empty() && expect_ring_) expect_ring_(ring);
  log_.with(ring.header.trace, &ring.header.id)
      .info("ring", {{"button", ring.button_id}, {"trigger_source", std::string(to_string(ring.source))}});
  recent_.push_back(std::move(context));
  if (recent_.size() > notify::rings_remembered) recent_.pop_front();
}

void Dispatcher::send_picture(RingContext& context, const media::FramePtr& frame,
                              const std::vector<notify::Route>& routes) {
  context.picture = encode(frame);
  if (!context.picture) return;
  std::vector<store::OutboxRow> rows;
  for (const auto& route : routes)
    rows.push_back(notify::picture_update_of(context.ring, route, clock_.wall(), context.picture_age));
  store(AmendEvent{context.ring.header.id, context.picture, rows});
  deliver(rows, context.picture, context.ring.header.edge);
}

void Dispatcher::on_sighting(const event::Sighting& sighting, const media::FramePtr& picture,
                             const std::vector<notify::Route>& routes) {
  if (!sighting.ring_id) return on_other(sighting, picture, routes);
  commit(sighting, {}, {});
  answer_ring(sighting, routes);
}

void Dispatcher::answer_ring(const event::Sighting& sighting, const std::vector<notify::Route>& routes) {
  const auto context = std::find_if(recent_.begin(), recent_.end(), [&](const RingContext& c) {
    return c.ring.header.id == *sighting.ring_id;
  });
  if (context == recent_.end()) return;
  std::vector<store::OutboxRow> rows;
  for (const auto& route : routes)
    rows.push_back(
        notify::name_update_of(context->ring, sighting, route, clock_.wall(), context->picture_age));
  store(AmendEvent{context->ring.header.id, nullptr, rows});
  deliver(rows, context->picture, context->ring.header.edge);
}

// Who was told of its beginning is not told again; the event is complete now.
void Dispatcher::end_motion(const event::Motion& motion) {
  store(CompleteEvent{motion});
}

void Dispatcher::on_other(const event::Event& event, const media::FramePtr& picture,
                          const std::vector<notify::Route>& routes) {
  std::vector<store::OutboxRow> rows;
  for (const auto& route : routes) {
    rows.push_back(notify::message_of(event, route, clock_.wall()));
    rows.back().picture = route.attach_snapshot && picture != nullptr;
  }
  commit(event, rows, {});
  const auto jpeg = picture && any_picture(rows) ? encode(picture) : nullptr;
  if (jpeg) store(AmendEvent{event::header_of(event).id, jpeg, {}});
  deliver(rows, jpeg, std::nullopt);
}

void Dispatcher::commit(event::Event event, const std::vector<store::OutboxRow>& rows,
                        std::optional<std::chrono::milliseconds> picture_age) {
  auto failure = instruments_.outcomes.failure_of(event);
  if (!store(CommitEvent{std::move(event), rows, picture_age})) failure.increment();
}

bool Dispatcher::store(StoreJob job) {
  if (auto* amended = std::get_if<AmendEvent>(&job))
    amended->request_id = telemetry::current_log_context().request_id;
  if (store_.push(std::move(job))) return true;
  instruments_.store_full.increment();
  log_.critical("the store lane's queue is full, an event is not written");
  return false;
}

void Dispatcher::deliver(const std::vector<store::OutboxRow>& rows, const store::JpegBytes& picture,
                         std::optional<MonotonicTime> edge) {
  for (const auto& row : rows) {
    const auto lane = routing_->lanes.find(row.key.channel_id);
    if (lane == routing_->lanes.end()) continue;
    // A full lane refuses: the row is in the outbox and the lane asks for it when it has room.
    notify::Message message{row, row.picture ? picture : nullptr, edge};
    message.request_id = telemetry::current_log_context().request_id;
    message.correlation_id = telemetry::current_log_context().correlation_id;
    lane->second->push(std::move(message));
  }
}

media::FramePtr Dispatcher::newest_frame(const std::string& camera_id) {
  const auto view = cameras_->find(camera_id);
  if (view == cameras_->end()) return nullptr;
  auto& newest = newest_[camera_id];
  if (auto frame = view->second->for_ring.take()) newest = std::move(*frame);
  if (newest && clock_.now() - newest->arrived > stale_after) newest.reset();
  return newest;
}

store::JpegBytes Dispatcher::encode(const media::FramePtr& frame) {
  auto jpeg = encoder_.encode(*frame);
  if (!jpeg) {
    log_.warning("a picture could not be encoded, the message goes without",
                 {{"fault", jpeg.error().text()}});
    return nullptr;
  }
  return std::make_shared<const std::vector<std::uint8_t>>(std::move(*jpeg));
}

}  // namespace porchlight::pipeline
