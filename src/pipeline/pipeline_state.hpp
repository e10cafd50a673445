// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pipeline/camera_unit.hpp"
#include "pipeline/dispatcher.hpp"
#include "pipeline/footage_events.hpp"
#include "pipeline/footage_lane.hpp"
#include "pipeline/host_lane.hpp"
#include "pipeline/picture_desk.hpp"
#include "pipeline/queue_gauges.hpp"
#include "pipeline/routing.hpp"
#include "pipeline/store_lane.hpp"
#include "pipeline/vision_lane.hpp"
#include "porchlight/gpio/button_lane.hpp"
#include "porchlight/gpio/output_lane.hpp"
#include "porchlight/live/lane.hpp"
#include "porchlight/notify/house.hpp"
#include "porchlight/pipeline/executor.hpp"
#include "porchlight/pipeline/pipeline.hpp"

namespace porchlight::pipeline {

// What the listener's thread may look at: handles whose reads are atomics of their own.
struct ListenerView {
  std::shared_ptr<gpio::ButtonLane> buttons;
  std::map<std::string, std::string> camera_of_button;
  std::function<std::vector<gpio::OutputStatus>()> outputs = [] { return std::vector<gpio::OutputStatus>(); };
  std::vector<std::shared_ptr<CameraUnit>> cameras;
  std::map<std::string, notify::Language> channels;
};
using ListenerViewPtr = std::shared_ptr<const ListenerView>;

// What the deep health checks may look at. It keeps no camera that a reload has taken away.
struct HealthView {
  std::vector<std::weak_ptr<CameraUnit>> cameras;
  std::vector<notify::ChannelOptions> channels;
  bool records = false;  // some camera
};
using HealthViewPtr = std::shared_ptr<const HealthView>;

// /proc/sys/kernel/random/boot_id.
const std::string& boot_id();
record::Mode mode_of(camera::RecordMode mode) noexcept;

// Under the names of the one document that has them.
struct WaitingWork {
  explicit WaitingWork(telemetry::Metrics& metrics)
      : exports(of(metrics, "export")),
        retention(of(metrics, "retention")),
        maintenance(of(metrics, "maintenance")),
        others(of(metrics, "default")) {}
  static telemetry::Gauge of(telemetry::Metrics& metrics, const char* queue) {
    return metrics.gauge("celery_queue_length", {{"queue", queue}});
  }
  telemetry::Gauge exports, retention, maintenance, others;
};

class Pipeline::State {
 public:
  State(Options wanted, Clock& time, telemetry::Metrics& instruments, telemetry::Health& condition,
        Supervisor& keeper)
      : options(std::move(wanted)),
        clock(time),
        metrics(instruments),
        health(condition),
        supervisor(keeper),
        gauges(instruments),
        waiting_work(instruments),
        pictures(time, &CameraView::for_viewers, instruments),
        shown_pictures(time, &CameraView::for_pictures, instruments),
        unrecorded(instruments.counter("audit_log_write_failures_total")) {}

  // pipeline.cpp, main thread
  Status build();
  Result<std::shared_ptr<gpio::ButtonLane>> make_buttons(const std::vector<gpio::ButtonOptions>& wanted);
  // `kept`: lanes that go on, by channel id.
  Result<RoutingPtr> make_routing(const notify::Options& wanted, const notify::LinkMakerPtr& links,
                                  const Lanes& kept = {});
  // `since`: when the recorder before left off.
  Result<std::shared_ptr<CameraUnit>> make_camera(const camera::CameraOptions& wanted,
                                                  const record::RecordOptions& recording,
                                                  std::optional<MonotonicTime> since = {});
  void publish_views();
  void publish_health_view();  // health_port.cpp
  void show_open_channels();
  void show_waiting_work();

  // live.cpp, main thread
  Status make_live();
  void start_live();
  void publish_sources();
  void show_live();  // its gauges
  void show_picture_latency(const std::map<std::string, std::optional<double>>& latency);

  // recorders.cpp, main thread. Null: the camera is not recorded.
  Result<std::shared_ptr<record::Recorder>> make_recorder(const camera::CameraOptions& wanted,
                                                          const record::RecordOptions& recording,
                                                          std::optional<MonotonicTime> since);
  record::Recorder::Ports recorder_ports();
  void show_lost_notes();

  // outputs.cpp, main thread
  Status make_outputs();
  // `near`: the buttons beside them, whose lines are none for an output.
  void configure_outputs(const std::vector<gpio::OutputOptions>& wanted,
                         const std::vector<gpio::ButtonOptions>& near);
  void start_outputs();
  Status reload_outputs(const std::vector<gpio::OutputOptions>& wanted,
                        const std::vector<gpio::ButtonOptions>& near);
  void show_faults();  // on the lights

  // footage.cpp, main thread
  Status make_footage();
  void make_event_clips();
  void start_footage();

  // house_view.cpp, main thread: shows the channels the house when it changed.
  void tell_house();

  // workers.cpp, main thread
  void start_buttons();
  void start_camera(const std::shared_ptr<CameraUnit>& unit);
  // Only asked, so that those of several cameras end at once.
  void stop_ingests(const CameraUnit& unit);
  void stop_recorder(const CameraUnit& unit);
  Status retire_ingests(const CameraUnit& unit);
  // `deadline`: until then the recorder may write what it has.
  Status retire_rest(CameraUnit& unit, MonotonicTime deadline);
  // None of its workers that were given up runs any more.
  bool can_go_on(const CameraUnit& unit);
  void start_channels(const Lanes& running = {});
  void start_vision();
  void start_lanes();
  void start_sampler();

  // reload.cpp, main thread
  using RecordedUntil = std::map<std::string, std::optional<MonotonicTime>>;
  Status retire_cameras(const std::vector<std::string>& changed, RecordedUntil& until);
  Status reload_cameras(const std::vector<camera::CameraOptions>& wanted,
                        const record::RecordOptions& recording, std::vector<std::string>& rebuilt);
  Status reload_buttons(const std::vector<gpio::ButtonOptions>& wanted);
  Status reload_channels(const notify::Options& wanted, const notify::LinkMakerPtr& links, bool only_mqtt);
  void rename_cameras(const notify::Options& wanted);
  Status reload_faces(const vision::FaceOptions& wanted);
  Status retire(const std::string& worker);
  Status retire(const std::string& worker, std::chrono::milliseconds limit);
  // Cameras of which a reload could not stop every worker: once these have ended they are built anew.
  void resume_cameras();

  // const after construction, or main thread only
  Options options;
  Clock& clock;
  telemetry::Metrics& metrics;
  telemetry::Health& health;
  Supervisor& supervisor;
  QueueGauges gauges;
  WaitingWork waiting_work;
  PictureDesk pictures;        // library's thread
  PictureDesk shown_pictures;  // picture lane's
  std::function<void()> events_changed;
  std::unique_ptr<live::Lane> live;  // outlives the cameras, whose feeds wake it
  std::unique_ptr<live::PictureLane> picture_lane;
  std::unique_ptr<StoreLane> store;
  std::unique_ptr<FootageEvents> footage_events;  // the footage lane's
  std::unique_ptr<FootageLane> footage;
  std::unique_ptr<Dispatcher> dispatcher;
  std::unique_ptr<Executor> accounts;
  std::unique_ptr<Executor> library;
  std::unique_ptr<Executor> clips;
  std::unique_ptr<Executor> trials;
  std::unique_ptr<Executor> health_checks;
  std::unique_ptr<EventClips> event_clips;  // on its thread
  ClipMaker make_clip;                      // const after start()
  std::unique_ptr<HostLane> host;
  std::unique_ptr<VisionLane> vision;         // there even when faces are off; then nothing runs it
  std::unique_ptr<gpio::OutputLane> outputs;  // there even without outputs; then nothing runs it
  std::shared_ptr<gpio::ButtonLane> buttons;
  RoutingPtr routing = std::make_shared<const Routing>();
  std::set<std::pair<std::string, live::Quality>> streams_shown;  // in stream_bitrate, stream_latency_ms
  std::set<std::string> pictures_shown;                           // in stream_latency_ms of MJPEG
  std::set<std::string> types_shown;                              // of channels, in notification_channel_open
  std::map<std::string, std::shared_ptr<CameraUnit>> cameras;
  std::set<std::string> half_stopped;  // of these, by a reload that could not stop every worker
  People people;
  notify::HousePtr told;                           // what the lanes were told last,
  RoutingPtr told_to;                              // which lanes those were,
  std::shared_ptr<gpio::ButtonLane> told_buttons;  // and what their rings go to

  std::uint64_t notes_lost_said = 0;

  // any thread
  std::atomic<std::int64_t> pre_roll_ms{0};
  std::atomic<std::int64_t> post_roll_ms{0};
  std::atomic<std::uint64_t> notes_lost{0};  // of recorders: nobody took them
  telemetry::Counter unrecorded;
  std::atomic<std::size_t> noted{0};  // audit records that wait for the store lane

  // from the store lane to the main thread
  Mailbox<People> new_people;

  // towards the listener's thread
  Mailbox<ListenerViewPtr> new_view;
  Mailbox<RecentRings> new_rings;
  // listener's thread only
  ListenerViewPtr view = std::make_shared<const ListenerView>();
  RecentRings rings = std::make_shared<const std::vector<RingNote>>();
  const ListenerView& current_view();

  // towards the health thread
  Mailbox<HealthViewPtr> new_health_view;
  // health thread only
  HealthViewPtr health_view = std::make_shared<const HealthView>();
  const HealthView& current_health_view();
};

}  // namespace porchlight::pipeline
