// SPDX-License-Identifier: Apache-2.0
#include "porchlight/pipeline/pipeline.hpp"

#include <utility>

#include "pipeline/pipeline_state.hpp"
#include "porchlight/pipeline/gallery.hpp"
#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::pipeline {
Status Pipeline::State::build() {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error();
  store = std::make_unique<StoreLane>(
      options.folder, clock, metrics, health, std::move(*wakeup),
      StoreLane::Sinks{[this](const People& known) {
                         vision->set_gallery(std::make_shared<const vision::Gallery>(gallery_of(*known)));
                         new_people.post(known);
                       },
                       [this](RecentRings recent) { new_rings.post(std::move(recent)); },
                       [this](event::Event alarm) {
                         dispatcher->offer({std::move(alarm), nullptr});
                       },
                       [this] {
                         if (events_changed) events_changed();
                       }});
  if (auto status = make_footage(); !status) return status;
  if (auto status = make_outputs(); !status) return status;
  if (auto status = make_live(); !status) return status;
  auto made = Dispatcher::create(clock, metrics, store->queue(), [this](const event::Ring& ring) {
    if (vision->enabled()) vision->expectations().push(ring);
  });
  if (!made) return std::move(made).error();
  dispatcher = std::move(*made);
  dispatcher->on_offer([this](const event::Event& event) { outputs->show(event); });
  for (auto* place : {&accounts, &library, &clips, &trials, &health_checks}) {
    auto executor = Executor::create();
    if (!executor) return std::move(executor).error();
    *place = std::move(*executor);
  }
  make_event_clips();
  host = std::make_unique<HostLane>(options.folder, options.recording.folder, clock, metrics);
  auto vision_wakeup = Wakeup::create();
  if (!vision_wakeup) return std::move(vision_wakeup).error();
  vision = std::make_unique<VisionLane>(options.faces, clock, metrics, health, *dispatcher,
                                        std::move(*vision_wakeup));
  auto lane = make_buttons(options.buttons);
  if (!lane) return std::move(lane).error();
  buttons = std::move(*lane);
  auto routes = make_routing(options.notifications, options.links);
  if (!routes) return std::move(routes).error();
  routing = std::move(*routes);
  for (const auto& wanted : options.cameras) {
    auto unit = make_camera(wanted, options.recording);
    if (!unit) return std::move(unit).error();
    cameras[wanted.id] = std::move(*unit);
  }
  publish_views();
  dispatcher->set_routing(routing);
  store->set_routing(routing);
  store->set_face_model(std::string(vision::answering_version(options.faces)));
  return {};
}

Result<std::shared_ptr<gpio::ButtonLane>> Pipeline::State::make_buttons(
    const std::vector<gpio::ButtonOptions>& wanted) {
  auto lane = gpio::ButtonLane::create(
      wanted, clock,
      [this](event::Event event) {
        // Only a ring is urgent; trouble with the hardware queues behind with the rest.
        if (const auto* ring = std::get_if<event::Ring>(&event)) {
          outputs->ring(ring->header.edge);  // the chime first: it waits for nothing
          outputs->show(event);
          const auto camera = ring->camera_id;
          const auto edge = ring->header.edge;
          dispatcher->offer_press(std::move(event));
          // Last: who watches is counted, and nobody at the door waits for that.
          if (!camera.empty()) live->note_ring(camera, edge);
        } else {
          dispatcher->offer({std::move(event), nullptr});
        }
      },
      [this](const gpio::ButtonOptions& button) { return gpio::resolve_instruments(metrics, button); });
  if (!lane) return std::move(lane).error();
  return std::shared_ptr<gpio::ButtonLane>(std::move(*lane));
}

Result<RoutingPtr> Pipeline::State::make_routing(const notify::Options& wanted,
                                                 const notify::LinkMakerPtr& links, const Lanes& kept) {
  auto made = std::make_shared<Routing>();
  made->rules = notify::rule_set_of(wanted);
  made->everything = wanted.everything;
  for (const auto& channel : wanted.channels) {
    made->types[channel.id] = channel.type;
    if (const auto lane = kept.find(channel.id); lane != kept.end()) {
      made->lanes[channel.id] = lane->second;
      continue;
    }
    notify::ChannelLane::Ports ports;
    ports.outcome = [this](const notify::Outcome& outcome) {
      const bool pending = outcome.state == store::DeliveryState::pending;
      return store->queue().push(SettleMessage{outcome.key, outcome.state, outcome.attempts,
                                               pending ? outcome.next_attempt : outcome.at, outcome.receipt,
                                               outcome.error, telemetry::current_log_context().request_id});
    };
    ports.reload = [this, id = channel.id] { return store->queue().push(ReloadChannel{id}); };
    notify::LaneOptions lane_options;
    lane_options.links = links;
    auto lane = notify::ChannelLane::create(channel, lane_options, clock, metrics, std::move(ports));
    if (!lane) return std::move(lane).error().context("channel '" + channel.id + "'");
    made->lanes[channel.id] = std::move(*lane);
  }
  return RoutingPtr(std::move(made));
}

Result<std::shared_ptr<CameraUnit>> Pipeline::State::make_camera(const camera::CameraOptions& wanted,
                                                                 const record::RecordOptions& recording,
                                                                 std::optional<MonotonicTime> since) {
  auto recorder = make_recorder(wanted, recording, since);
  if (!recorder) return std::move(recorder).error();
  return CameraUnit::create(wanted, clock, metrics, *dispatcher, vision->wakeup(), *live,
                            std::move(*recorder));
}

void Pipeline::State::publish_views() {
  pre_roll_ms.store(options.recording.pre_roll.count(), std::memory_order_relaxed);
  post_roll_ms.store(options.recording.post_roll.count(), std::memory_order_relaxed);
  auto table = std::make_shared<CameraTable>();
  auto listener = std::make_shared<ListenerView>();
  listener->buttons = buttons;
  listener->outputs = outputs->observer();
  for (const auto& button : options.buttons) listener->camera_of_button[button.id] = button.camera;
  for (const auto& channel : options.notifications.channels)
    listener->channels.emplace(channel.id, channel.language);
  std::set<std::string> with_button;
  for (const auto& button : options.buttons)
    if (button.enabled) with_button.insert(button.camera);
  for (const auto& [id, unit] : cameras) {
    unit->view()->has_button.store(with_button.contains(id), std::memory_order_relaxed);
    unit->view()->searched.store(vision->enabled(), std::memory_order_relaxed);
    table->emplace(id, unit->view());
    listener->cameras.push_back(unit);
  }
  host->set_cameras(std::make_shared<const CameraUnits>(listener->cameras));
  dispatcher->set_cameras(table);
  vision->set_cameras(table);
  pictures.set_cameras(table);
  shown_pictures.set_cameras(table);
  publish_sources();
  publish_health_view();
  new_view.post(std::move(listener));
}

Result<std::unique_ptr<Pipeline>> Pipeline::create(Options options, Clock& clock, telemetry::Metrics& metrics,
                                                   telemetry::Health& health, Supervisor& supervisor) {
  auto state = std::make_unique<State>(std::move(options), clock, metrics, health, supervisor);
  if (auto status = state->build(); !status) return std::move(status).error();
  return std::unique_ptr<Pipeline>(new Pipeline(std::move(state)));
}

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipeline::~Pipeline() = default;

void Pipeline::start() {
  auto& s = *state_;
  s.start_lanes();
  s.start_footage();
  s.start_channels();
  s.tell_house();
  s.start_outputs();  // before the buttons: the first ring is to be heard
  s.start_buttons();
  for (const auto& [id, unit] : s.cameras) s.start_camera(unit);
  s.start_vision();
  s.start_live();
  s.start_sampler();
  s.health.set(telemetry::Health::Part::cameras, telemetry::Health::PartState::started);
}

bool Pipeline::armed() const {
  return state_->store->opened() != StoreLane::Opened::not_yet && state_->buttons->armed() &&
         (state_->options.outputs.empty() || state_->outputs->armed());
}

std::string Pipeline::condition() const {
  if (state_->store->opened() == StoreLane::Opened::no)
    return "ringing without storing: " + state_->store->open_fault();
  const bool records = !footage_plan_of(state_->options)->cameras.empty();
  const auto volume = state_->footage->volume();
  const auto fault = records && !volume && volume.error().code() != ErrorCode::unavailable
                         ? "; not recording: " + volume.error().text()
                         : std::string();
  return "watching " + std::to_string(state_->cameras.size()) + " cameras and " +
         std::to_string(state_->options.buttons.size()) + " buttons" + fault;
}

Executor& Pipeline::accounts() {
  return *state_->accounts;
}

Executor& Pipeline::library() {
  return *state_->library;
}

Executor& Pipeline::clips() {
  return *state_->clips;
}

Executor& Pipeline::trials() {
  return *state_->trials;
}

void Pipeline::on_events_changed(std::function<void()> changed) {
  state_->events_changed = std::move(changed);
}

Result<CameraPicture> Pipeline::picture(const std::string& camera_id) {
  if (auto shown = state_->picture_lane->newest(camera_id)) return CameraPicture{shown->bytes, shown->taken};
  return state_->pictures.picture(camera_id);
}

void Pipeline::sample() {
  auto& s = *state_;
  s.vision->sweep();
  s.resume_cameras();
  s.tell_house();
  s.show_faults();
  s.show_lost_notes();
  s.gauges.begin();
  s.dispatcher->read_queues(s.gauges);
  s.gauges.add(s.store->queue());
  s.gauges.add(s.footage->queue());
  for (const auto* executor :
       {s.accounts.get(), s.library.get(), s.clips.get(), s.trials.get(), s.health_checks.get()}) {
    s.gauges.add(executor->quick_queue());
    s.gauges.add(executor->slow_queue());
  }
  s.gauges.add(QueueName::button,
               {s.buttons->queue_size(), s.buttons->queue_capacity(), s.buttons->queue_dropped()});
  if (!s.options.outputs.empty())
    s.gauges.add(QueueName::output,
                 {s.outputs->queue_size(), s.outputs->queue_capacity(), s.outputs->queue_dropped()});
  for (const auto& [id, unit] : s.cameras) {
    unit->show_drops();
    s.gauges.add(unit->packets());
    if (const auto* recorder = unit->recorder(); recorder != nullptr)
      s.gauges.add(QueueName::recording,
                   {unit->recorder()->queue().size(), unit->recorder()->queue().capacity(),
                    unit->recorder()->queue().dropped() + recorder->triggers_dropped()});
  }
  for (const auto& [id, lane] : s.routing->lanes)
    s.gauges.add(QueueName::notification, {lane->queued(), lane->capacity(), lane->refused()});
  if (s.vision->enabled()) {
    s.gauges.add(s.vision->expectations());
    s.gauges.add(s.vision->examinations());
    s.gauges.add(s.vision->validations());
    s.gauges.add(QueueName::face_detection, {s.vision->frames_waiting(), s.cameras.size(), 0});
  }
  for (const auto& [id, unit] : s.cameras)
    for (const auto& source : CameraUnit::sources_of(unit)) s.gauges.add(*source.feed);
  s.gauges.add(QueueName::viewer, {0, 0, s.live->pictures_withheld()});
  s.gauges.publish();
  s.show_live();
  s.show_open_channels();
  s.show_waiting_work();
}

void Pipeline::State::show_waiting_work() {
  const auto waiting = [](const Executor& executor) {
    return executor.quick_queue().size() + executor.slow_queue().size();
  };
  const auto show = [](telemetry::Gauge& queue, std::size_t jobs) { queue.set(static_cast<double>(jobs)); };
  show(waiting_work.exports, waiting(*clips));
  show(waiting_work.retention, footage->queue().size());
  show(waiting_work.maintenance, waiting(*health_checks));
  show(waiting_work.others, waiting(*accounts) + waiting(*library) + waiting(*trials));
}

// Several channels of one type are one series.
void Pipeline::State::show_open_channels() {
  std::map<std::string, bool> by_type;
  for (const auto& [id, type] : routing->types) by_type[type] |= routing->lanes.at(id)->open();
  for (const auto& [type, open] : by_type)
    metrics.gauge("notification_channel_open", {{"channel", type}}).set(open ? 1 : 0);
  for (const auto& type : types_shown)
    if (!by_type.contains(type)) metrics.remove_gauge("notification_channel_open", {{"channel", type}});
  types_shown.clear();
  for (const auto& [type, open] : by_type) types_shown.insert(type);
}

}  // namespace porchlight::pipeline
