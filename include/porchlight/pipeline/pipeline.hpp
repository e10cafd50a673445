// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/camera/options.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/gpio/options.hpp"
#include "porchlight/gpio/output_lane.hpp"
#include "porchlight/live/lane.hpp"
#include "porchlight/live/picture_lane.hpp"
#include "porchlight/notify/link.hpp"
#include "porchlight/notify/options.hpp"
#include "porchlight/pipeline/examination.hpp"
#include "porchlight/pipeline/executor.hpp"
#include "porchlight/pipeline/picture.hpp"
#include "porchlight/pipeline/supervisor.hpp"
#include "porchlight/record/options.hpp"
#include "porchlight/record/volume.hpp"
#include "porchlight/store/acknowledgements.hpp"
#include "porchlight/store/alert_log.hpp"
#include "porchlight/store/audit_event.hpp"
#include "porchlight/store/outbox.hpp"
#include "porchlight/store/recognition_labels.hpp"
#include "porchlight/telemetry/health.hpp"
#include "porchlight/telemetry/metrics.hpp"
#include "porchlight/vision/options.hpp"

namespace porchlight::pipeline {

struct Options {
  std::filesystem::path folder;  // storage.path
  std::vector<camera::CameraOptions> cameras;
  std::vector<gpio::ButtonOptions> buttons;
  vision::FaceOptions faces;
  notify::Options notifications;
  notify::LinkMakerPtr links{};  // null: messages carry no link
  std::vector<gpio::OutputOptions> outputs{};
  record::RecordOptions recording{};
};

// Which parts of the configuration a reload changed, as far as their options do not tell by
// themselves: cameras, buttons and outputs are compared one by one.
struct Changes {
  bool faces = false;
  bool notifications = false;
  bool mqtt = false;  // the broker alone: the other channels go on
};

// Makes a file of an interval of a camera's footage. not_found: nothing was recorded then.
using ClipMaker = std::function<Status(const std::string& camera_id, WallTime from, WallTime to,
                                       const std::filesystem::path& out, std::stop_token stop)>;

// A camera that is switched on, for the health checks.
struct WatchedCamera {
  std::string id;
  std::string state;  // `status` of camera_connection_state
  bool well = false;  // connected, or a clip that was shown to its end
};

// What the health check's film has come through.
struct PathProof {
  std::size_t pictures = 0;
  bool recorded = false;       // false: no camera is recorded
  std::size_t suppressed = 0;  // messages that the rules would have sent
};

// The wiring: makes every lane, connects them by queues, gives each a worker. Rooms below know nothing
// of each other; this is the one place that does.
class Pipeline {
 public:
  // References outlive the pipeline. Nothing runs yet.
  static Result<std::unique_ptr<Pipeline>> create(Options options, Clock& clock, telemetry::Metrics& metrics,
                                                  telemetry::Health& health, Supervisor& supervisor);
  ~Pipeline();  // after Supervisor::stop() said that every worker has ended
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // The worker ids and types of these options, for ClosedSets before anything exists.
  static std::vector<std::pair<std::string, std::string>> workers_of(const Options& options);

  // Main thread.
  void start();
  // Event log opened (or found that it cannot be), button lane armed. The text says what is missing.
  bool armed() const;
  std::string condition() const;
  // After Supervisor::stop(), whatever it said: a line in the log.
  void tell_longest_sync() const;
  // Applies what changed; returns what was rebuilt, as configuration paths, or why it could not be.
  Result<std::vector<std::string>> reload(Options options, const Changes& changes);
  // Main, accounts or library thread. Returns once the record is on the medium, or why it cannot be: then
  // what it records must not be done. Waits for the store lane, 5 s at most.
  Status record(store::AuditEntry entry);
  // Any thread; does not wait. The record is on the medium within a second. An error, which is counted:
  // too many wait already, because a ring's commit stands in the same queue.
  Status note(store::AuditEntry entry);
  // Where passwords are hashed and accounts are kept. Its tick is set before start().
  Executor& accounts();
  // Decodes a photograph's file on the calling thread, which this may take a second, and has the vision
  // lane look at it. `answer` is called once, from here or from the vision thread, and must not wait.
  // Refusals beside those of media::decode_photo and of FaceWanted: unavailable (faces are switched off,
  // the models are missing, too many wait), timeout (not begun at the deadline).
  void examine(std::string_view file, FaceWanted wanted, MonotonicTime deadline,
               std::function<void(Examined)> answer);
  // Where the database and files are read and pictures made for those who ask. Its tick is set before
  // start().
  Executor& library();
  // Where clips are made of footage and pictures decoded out of it: one at a time, for up to a minute.
  Executor& clips();
  // Where a camera or a channel is tried that somebody sets up, and waited for: up to 15 s and a name's
  // look-up, or as long as a channel's timeout.
  Executor& trials();
  // Where the deep health checks run and wait for what they look at: for up to some minutes. Its tick is set
  // before start().
  Executor& health();
  // On its thread. What is configured now; null: no camera is recorded.
  std::vector<WatchedCamera> watched_cameras();
  std::vector<notify::ChannelOptions> channels();
  Result<std::shared_ptr<const record::Volume>> recordings();
  bool looks_for_faces() const noexcept;  // any thread
  // On the health thread, for as long as its disk takes. Sends a film of ours through a decoder and a motion
  // gate, into a segment and out of it again, and as an event through the event and the store lane, told to
  // nobody and not kept. `answer` is called once, from the store lane or from here; never while one of the
  // two lanes stands still.
  void prove_path(std::function<void(Result<PathProof>)> answer);
  // Any thread; does not wait. Has the vision lane validate the loaded models. `answer` is called once;
  // unavailable: faces are switched off, or another one waits.
  void validate_models(std::function<void(Result<Validated>)> answer);
  // Before start(). Called on the clips' thread, for the films that messages carry.
  void set_clip_maker(ClipMaker make);
  // Any thread. How much before and after an event belongs to it (recording.pre_roll, .post_roll).
  struct Rolls {
    std::chrono::milliseconds before{0};
    std::chrono::milliseconds after{0};
  };
  Rolls rolls() const noexcept;
  // Any thread; does not wait. `done` is called once, from the footage lane or from here; unavailable: too
  // many wait.
  void protect_segment(std::int64_t id, bool is_protected, std::function<void(Status)> done);
  // Before start(). Called on the store lane's thread, which it must not hold up, when an event was
  // committed or got its picture.
  void on_events_changed(std::function<void()> changed);
  // Any thread; does not wait. Has dead letters of configured channels tried again, 500 at most at once.
  // `answer` is called once, from the store lane.
  void resend(store::OutboxFilter which, store::AuditActor actor,
              std::function<void(Result<store::Resent>)> answer);
  // Queue gauges and the channels that do not answer; about once a second.
  void sample();

  // Listener's thread.
  struct Rung {
    event::EventId id;
    std::string camera_id;
  };
  // `committed` is called once, from another thread, when the ring is on the medium; never when it
  // cannot be written.
  Result<Rung> ring(std::string_view button_id, event::TriggerSource source, const event::TraceContext& trace,
                    std::function<void(const Rung&)> committed);
  std::vector<std::string> button_ids();
  // Empty: the button has none, or is not there.
  std::string camera_of_button(const std::string& button_id);
  std::vector<gpio::OutputStatus> outputs();
  void faces_changed(std::function<void(Result<std::size_t>)> answer);
  // Of a configured channel; nothing: there is none of that id.
  std::optional<notify::Language> language_of_channel(const std::string& channel_id);
  // Any thread; does not wait. One pulse of an output; `done` as gpio::OutputLane::pulse() has it.
  void pulse(std::string_view output_id, MonotonicTime not_after, std::function<void(Status)> done);
  // Any thread. `done` is called once, from the store lane, when the answer is on the medium and its messages
  // are on their way; not_found: there is no such event; unavailable: the database is not open.
  void answer(store::EventAnswer answer, std::function<void(Result<store::AnswerOutcome>)> done);
  // Any thread. `done` is called once, from the store lane: what the claim makes of the sighting, or why not
  // (store::RecognitionLabels::put()); unavailable: the database is not open.
  void label(store::IdentityClaim claim, std::function<void(Result<store::RecognitionLabel>)> done);
  // Any thread. `done` is called once with the number of those that were new, when their events are on the
  // medium; never while events cannot be written: the asker has a deadline of its own.
  void take_alerts(std::vector<store::ReceivedAlert> alerts, std::function<void(Result<std::size_t>)> done);
  std::vector<CameraCondition> cameras();
  // Any thread; does not wait. Somebody watches a camera from now on, until the client or the viewer leaves.
  std::shared_ptr<live::Viewer> watch(const std::string& camera_id, live::Quality quality,
                                      live::Outlet outlet);
  // The same as a row of JPEGs, `rate` a second at most (1…15).
  std::shared_ptr<live::PictureViewer> watch_pictures(const std::string& camera_id, int rate,
                                                      live::PictureOutlet outlet);
  // Any thread; does not wait. A file of HLS.
  void ask_hls(live::HlsRequest request);
  // One JSON object: cameras, buttons, rings; docs/api.md has the fields.
  std::string status();

  // Library's thread. The newest decoded frame of a camera, not older than 5 s; ErrorCode::unavailable when
  // there is none. A frame is encoded once, whoever asks.
  Result<CameraPicture> picture(const std::string& camera_id);

 private:
  class State;
  explicit Pipeline(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::pipeline
