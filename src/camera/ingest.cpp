// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/ingest.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "backoff.hpp"
#include "fault.hpp"
#include "instruments.hpp"
#include "porchlight/telemetry/log.hpp"
#include "rate.hpp"
#include "source.hpp"

namespace porchlight::camera {
namespace {

constexpr std::chrono::milliseconds nap{100};
constexpr std::chrono::milliseconds publish_interval{200};

std::int64_t nanoseconds(MonotonicTime at) {
  return at.time_since_epoch().count();
}

}  // namespace

// Everything but the atomics belongs to the ingest thread. They are relaxed: each value is the
// whole message and publishes nothing else.
class Ingest::Supervision {
 public:
  Supervision(CameraOptions options, ReconnectOptions reconnect, telemetry::Metrics& metrics, Clock& clock,
              Outputs outputs, Role role, MakeSource make);

  void run(const std::stop_token& stop, Heartbeat& heartbeat);
  void note_decoded(MonotonicTime arrived) noexcept;
  void note_passed_over() noexcept { decoded_total_.fetch_add(1, std::memory_order_relaxed); }
  void note_announced_fps(double frames_per_second) noexcept {
    announced_fps_.store(frames_per_second, std::memory_order_relaxed);
  }
  ConnectionState state() const noexcept { return state_.load(std::memory_order_relaxed); }
  bool is_lost() const noexcept { return is_lost_.load(std::memory_order_relaxed); }
  const CameraOptions& options() const noexcept { return options_; }
  std::optional<pid_t> child() const noexcept {
    const pid_t pid = child_.load(std::memory_order_relaxed);
    return pid > 0 ? std::optional(pid) : std::nullopt;
  }
  void retire() {
    if (instruments_) instruments_->retire();
  }

 private:
  // One connection, from its opening to its fault.
  struct Connection {
    MonotonicTime begun{};
    std::optional<MonotonicTime> first_packet;
    MonotonicTime last_packet{};
    std::optional<MonotonicTime> connected;  // first seen to deliver pictures
  };

  Error connect(const std::stop_token& stop, Heartbeat& heartbeat);
  void take(const media::PacketPtr& packet);
  void take_picture(const media::Packet& packet);
  void note_lost(std::uint64_t pictures);
  bool supervise();
  bool delivers(MonotonicTime now) const;
  bool undecodable(MonotonicTime now) const;
  void publish(MonotonicTime now);
  void become_connected(MonotonicTime now);
  void become_lost(const FaultRow& fault, const Error& error, std::chrono::milliseconds wait);
  std::chrono::milliseconds wait_after(const FaultRow& fault);
  bool wait(std::chrono::milliseconds duration, const std::stop_token& stop, Heartbeat& heartbeat);
  void idle(const std::stop_token& stop, Heartbeat& heartbeat);
  void change_state(ConnectionState state);
  std::optional<MonotonicTime> last_picture() const;

  // const after construction
  const Role role_;
  const CameraOptions options_;
  const CameraOptions watched_;  // with the address of the stream that is opened
  const std::chrono::milliseconds stable_;
  Clock& clock_;
  const Outputs outputs_;
  const MakeSource make_;
  const telemetry::Logger log_;
  // ingest thread
  std::optional<Instruments> instruments_;  // nothing beside the stream that is watched
  Backoff backoff_;
  Connection connection_;
  std::shared_ptr<const media::StreamInfo> stream_;
  std::optional<MonotonicTime> lost_since_;
  std::optional<MonotonicTime> published_;
  double bytes_total_ = 0;
  Rate frame_rate_;
  Rate byte_rate_;
  // any thread
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();
  std::atomic<ConnectionState> state_{ConnectionState::disabled};
  std::atomic<bool> is_lost_{false};
  std::atomic<std::int64_t> decoded_arrival_ns_{never};
  std::atomic<std::uint64_t> decoded_total_{0};
  std::atomic<double> announced_fps_{0};  // 0: not known
  std::atomic<pid_t> child_{0};           // 0: none
};

Ingest::Supervision::Supervision(CameraOptions options, ReconnectOptions reconnect,
                                 telemetry::Metrics& metrics, Clock& clock, Outputs outputs, Role role,
                                 MakeSource make)
    : role_(role),
      options_(std::move(options)),
      watched_(role == Role::watched ? options_.watched() : options_.main()),
      stable_(reconnect.stable),
      clock_(clock),
      outputs_(std::move(outputs)),
      make_(make ? std::move(make) : MakeSource(&make_source)),
      log_("doorbell.camera", telemetry::Component::recording),
      backoff_(std::move(reconnect)) {
  if (role == Role::watched) instruments_.emplace(options_, metrics);
  change_state(options_.enabled ? ConnectionState::connecting : ConnectionState::disabled);
}

void Ingest::Supervision::run(const std::stop_token& stop, Heartbeat& heartbeat) {
  if (!options_.enabled) return idle(stop, heartbeat);
  while (!stop.stop_requested()) {
    const Error error = connect(stop, heartbeat);
    if (stop.stop_requested()) return;
    const FaultRow& fault = row_of(fault_of(error.code()));
    const auto pause = wait_after(fault);
    become_lost(fault, error, pause);
    // A clip that was to be played once has been.
    if (fault.fault == event::CameraFault::eof && watched_.kind == SourceKind::file) {
      is_lost_.store(false, std::memory_order_relaxed);
      return idle(stop, heartbeat);
    }
    if (!wait(pause, stop, heartbeat)) return;
    if (instruments_) instruments_->reconnecting(fault);
  }
}

Error Ingest::Supervision::connect(const std::stop_token& stop, Heartbeat& heartbeat) {
  connection_ = Connection{};
  connection_.begun = clock_.now();
  frame_rate_.start(connection_.begun, static_cast<double>(decoded_total_.load(std::memory_order_relaxed)));
  byte_rate_.start(connection_.begun, bytes_total_);
  const PacketSink sink{[this](const media::PacketPtr& packet) { take(packet); },
                        [this, &heartbeat] {
                          heartbeat.beat();
                          return supervise();
                        },
                        [this](std::uint64_t pictures) { note_lost(pictures); },
                        [this](pid_t pid) { child_.store(pid, std::memory_order_relaxed); }};
  Error error = make_(watched_, clock_)->run(sink, stop);
  if (error.code() != ErrorCode::cancelled) return error;
  return Error(ErrorCode::cancelled,
               "decode '" + watched_.printable_url() + "': packets arrive, but no picture comes out");
}

void Ingest::Supervision::take(const media::PacketPtr& packet) {
  // Sound is handed on; what is judged and counted are pictures.
  if (packet->stream->kind != media::MediaKind::video) {
    if (outputs_.packet) outputs_.packet(packet);
    return;
  }
  connection_.last_packet = packet->arrived;
  if (!connection_.first_packet) connection_.first_packet = packet->arrived;
  bytes_total_ += static_cast<double>(packet->size);
  take_picture(*packet);
  if (outputs_.packet) outputs_.packet(packet);
}

void Ingest::Supervision::take_picture(const media::Packet& packet) {
  if (instruments_) instruments_->received();
  if (role_ == Role::beside) note_decoded(packet.arrived);
  if (packet.stream == stream_) return;
  stream_ = packet.stream;
  if (stream_->fps > 0) note_announced_fps(stream_->fps);
}

void Ingest::Supervision::note_lost(std::uint64_t pictures) {
  if (instruments_) instruments_->lost(pictures);
  if (outputs_.lost) outputs_.lost(pictures, clock_.now());
}

void Ingest::Supervision::note_decoded(MonotonicTime arrived) noexcept {
  decoded_arrival_ns_.store(nanoseconds(arrived), std::memory_order_relaxed);
  decoded_total_.fetch_add(1, std::memory_order_relaxed);
}

std::optional<MonotonicTime> Ingest::Supervision::last_picture() const {
  const auto at = decoded_arrival_ns_.load(std::memory_order_relaxed);
  if (at == never) return std::nullopt;
  return MonotonicTime{std::chrono::nanoseconds{at}};
}

// Pictures of this connection, not late ones of the one before.
bool Ingest::Supervision::delivers(MonotonicTime now) const {
  const auto picture = last_picture();
  return picture && *picture >= connection_.begun && now - *picture < options_.stall;
}

// Packets flow and nothing comes of them. Silence is the source's to notice: it reports `timeout`.
bool Ingest::Supervision::undecodable(MonotonicTime now) const {
  if (!connection_.first_packet || now - connection_.last_packet >= options_.stall / 2) return false;
  return now - std::max(*connection_.first_packet, last_picture().value_or(MonotonicTime::min())) >=
         options_.stall;
}

bool Ingest::Supervision::supervise() {
  const auto now = clock_.now();
  if (!connection_.connected && delivers(now)) become_connected(now);
  if (!published_ || now - *published_ >= publish_interval) publish(now);
  return !undecodable(now);
}

void Ingest::Supervision::publish(MonotonicTime now) {
  published_ = now;
  if (!instruments_) return;
  const auto frames = static_cast<double>(decoded_total_.load(std::memory_order_relaxed));
  const double announced = announced_fps_.load(std::memory_order_relaxed);
  if (options_.expected_fps <= 0 && announced > 0) instruments_->expected_fps(announced);
  frame_rate_.sample(now, frames);
  byte_rate_.sample(now, bytes_total_);
  if (const auto picture = last_picture())
    instruments_->last_frame(clock_.wall() - std::chrono::duration_cast<WallTime::duration>(now - *picture));
  if (connection_.connected)
    instruments_->rates(frame_rate_.per_second(now, frames), 8 * byte_rate_.per_second(now, bytes_total_));
}

void Ingest::Supervision::become_connected(MonotonicTime now) {
  connection_.connected = now;
  change_state(ConnectionState::connected);
  is_lost_.store(false, std::memory_order_relaxed);
  if (!lost_since_) {
    log_.info(role_ == Role::watched ? "camera connected" : "camera's main stream connected",
              {{"camera_id", options_.id}});
    return;
  }
  const double seconds =
      std::chrono::duration<double>(now - *std::exchange(lost_since_, std::nullopt)).count();
  log_.info(role_ == Role::watched ? "camera back" : "camera's main stream back",
            {{"camera_id", options_.id}, {"lost_seconds", seconds}});
  if (role_ == Role::watched && outputs_.event)
    outputs_.event(event::CameraBack{event::make_header(clock_), options_.id, seconds});
}

std::chrono::milliseconds Ingest::Supervision::wait_after(const FaultRow& fault) {
  if (connection_.connected && clock_.now() - *connection_.connected >= stable_) backoff_.reset();
  const auto next = backoff_.next();
  return fault.fault == event::CameraFault::auth ? backoff_.most() : next;
}

void Ingest::Supervision::become_lost(const FaultRow& fault, const Error& error,
                                      std::chrono::milliseconds pause) {
  change_state(fault.state);
  is_lost_.store(true, std::memory_order_relaxed);
  if (instruments_) {
    instruments_->rates(0, 0);
    instruments_->failed(fault);
  }
  if (outputs_.gone) outputs_.gone(fault.gap, clock_.now());
  const telemetry::Fields fields{{"camera_id", options_.id},
                                 {"fault", std::string(event::to_string(fault.fault))},
                                 {"cause", error.text()},
                                 {"retry_seconds", static_cast<double>(pause.count()) / 1000}};
  if (lost_since_) {
    log_.debug("connection failed: camera still lost, reconnecting", fields);
    return;
  }
  lost_since_ = clock_.now();
  // "connection failed" is what saved searches look for.
  log_.warning(role_ == Role::watched ? "connection failed: camera lost, reconnecting"
                                      : "connection failed: camera's main stream lost, reconnecting",
               fields);
  if (role_ == Role::watched && outputs_.event)
    outputs_.event(event::CameraLost{event::make_header(clock_), options_.id, fault.fault});
}

bool Ingest::Supervision::wait(std::chrono::milliseconds duration, const std::stop_token& stop,
                               Heartbeat& heartbeat) {
  const auto until = clock_.now() + duration;
  for (;;) {
    heartbeat.beat();
    const auto left = until - clock_.now();
    if (left <= std::chrono::nanoseconds::zero()) return !stop.stop_requested();
    if (!clock_.sleep_for(std::min<std::chrono::nanoseconds>(left, nap), stop)) return false;
  }
}

void Ingest::Supervision::idle(const std::stop_token& stop, Heartbeat& heartbeat) {
  while (wait(std::chrono::seconds(1), stop, heartbeat)) {
  }
}

void Ingest::Supervision::change_state(ConnectionState state) {
  state_.store(state, std::memory_order_relaxed);
  if (instruments_) instruments_->state(state);
}

Ingest::Ingest(CameraOptions options, ReconnectOptions reconnect, telemetry::Metrics& metrics, Clock& clock,
               Outputs outputs, Role role, MakeSource make)
    : supervision_(std::make_unique<Supervision>(std::move(options), std::move(reconnect), metrics, clock,
                                                 std::move(outputs), role, std::move(make))) {}
Ingest::~Ingest() = default;

void Ingest::run(std::stop_token stop, Heartbeat& heartbeat) {
  supervision_->run(stop, heartbeat);
}
void Ingest::note_decoded(MonotonicTime arrived) noexcept {
  supervision_->note_decoded(arrived);
}
void Ingest::note_passed_over() noexcept {
  supervision_->note_passed_over();
}
void Ingest::note_announced_fps(double frames_per_second) noexcept {
  supervision_->note_announced_fps(frames_per_second);
}
ConnectionState Ingest::state() const noexcept {
  return supervision_->state();
}
bool Ingest::is_lost() const noexcept {
  return supervision_->is_lost();
}
const CameraOptions& Ingest::options() const noexcept {
  return supervision_->options();
}
std::optional<pid_t> Ingest::child() const noexcept {
  return supervision_->child();
}
void Ingest::retire() {
  supervision_->retire();
}

}  // namespace porchlight::camera
