// SPDX-License-Identifier: Apache-2.0
#include "telemetry/catalogue.hpp"

#include <algorithm>
#include <array>

#include "telemetry/catalogue_labels.hpp"

namespace porchlight::telemetry {
namespace {

using namespace labels;

using LabelList = std::span<const LabelSpec>;
using enum Created;

constexpr FamilySpec counted(std::string_view name, std::string_view help, LabelList labels = {},
                             Created created = all_combinations) {
  return {name, Kind::counter, help, labels, {}, created};
}
constexpr FamilySpec shown(std::string_view name, std::string_view help, LabelList labels, Created created) {
  return {name, Kind::gauge, help, labels, {}, created};
}
constexpr FamilySpec shown(std::string_view name, std::string_view help, Created created) {
  return shown(name, help, {}, created);
}
// A histogram.
constexpr FamilySpec timed(std::string_view name, std::string_view help, std::span<const double> bounds,
                           LabelList labels = {}, Created created = all_combinations) {
  return {name, Kind::histogram, help, labels, bounds, created};
}
// A histogram that keeps the last trace of each bucket.
constexpr FamilySpec traced(FamilySpec spec) {
  spec.exemplars = true;
  return spec;
}

constexpr FamilySpec families[] = {
    counted("account_lockouts_total", "Accounts locked after repeated failures."),
    shown("active_connections", "Open TCP connections of the web server.", when_used),
    shown("active_connections_total",
          "The same number as active_connections, under the name that one document uses.", when_used),
    shown("active_streams_total", "Streams of cameras that are sent to viewers now.", when_used),
    counted("ai_jobs_enqueued_total", "Jobs ever taken on, for the networks or the motion gate.", by_job),
    counted("ai_jobs_processed_total", "Jobs that ended.", by_job_result),
    shown("ai_jobs_queued_total",
          "Jobs taken on that have not ended: those that wait, and the one being worked on.", by_job,
          when_used),
    traced(timed("ai_processing_duration_seconds", "From a job's turn to its result.", inference_bounds,
                 by_job)),
    counted("alerts_received_total", "Alerts taken in from Alertmanager.", by_alert),
    shown("alerts_watchdog_timestamp_seconds",
          "When Alertmanager last sent the alert Watchdog, in Unix seconds.", when_set),
    counted("audit_log_entries_total", "Audit records appended by the daemon.", by_audit_type),
    shown("audit_log_integrity_status", "1: the last full verification passed; 0: not.", when_set),
    shown("audit_log_last_verified_timestamp_seconds", "End of the last full verification in Unix seconds.",
          when_set),
    counted("audit_log_write_failures_total", "Audit records that could not be appended."),
    shown("build_info", "Constant 1; what is running.", by_build, at_scrape),
    counted("button_lost_edges_total",
            "Button edges the kernel dropped; absent where the interface cannot tell.", by_button),
    counted("cache_evictions_total", "Entries that the daemon's caches gave up.", by_cache),
    counted("cache_requests_total", "Look-ups in the daemon's caches.", by_cache_result),
    shown("cache_size_bytes", "Bytes held by the entries of the daemon's caches.", by_cache, when_used),
    shown("camera_bitrate", "Bits per second received in the last 10 seconds.", by_camera, when_set),
    shown("camera_connection_state", "State set: 1 for the camera's current state, 0 for the others.",
          by_camera_state, when_used),
    shown("camera_connection_status", "1: frames arrive within the stall timeout; 0: not.", by_camera,
          when_used),
    shown("camera_fps", "Frames per second received in the last 10 seconds.", by_camera, when_set),
    shown("camera_fps_expected", "Configured or announced frame rate.", by_camera, when_set),
    shown("camera_frames_dropped",
          "Frames lost since the camera's ingest worker last began; of those of camera_frames_dropped_total.",
          by_camera, when_set),
    counted("camera_frames_dropped_total", "Frames lost anywhere: network gap, decoder, full queue.",
            by_camera),
    counted("camera_frames_received_total", "Frames received.", by_camera),
    shown("camera_last_frame_timestamp", "Arrival of the last frame in Unix seconds.", by_camera, when_set),
    counted("camera_reconnects_total", "Reconnect attempts by reason.", by_camera_reason),
    shown("celery_queue_length", "Jobs that wait for one of the daemon's own threads (there is no Celery).",
          by_work_queue, when_used),
    counted("container_cpu_usage_seconds_total", "CPU time of the daemon's own control group in seconds.", {},
            sampled),
    shown("container_memory_usage_bytes", "Memory of the daemon's own control group in bytes.", sampled),
    shown("container_spec_memory_limit_bytes",
          "Memory limit of the daemon's own control group in bytes; all memory when it has none.", sampled),
    shown("database_connections",
          "Open connections of the daemon to its databases; active: within a statement or a transaction.",
          by_connection_state, when_used),
    timed("database_health_check_duration_seconds", "How long the deep check of the database took.",
          health_bounds),
    counted("database_lock_waits_total", "Waits for a lock of another connection, by how they ended.",
            by_lock_wait),
    timed("database_query_duration_seconds", "Duration of statements on the database by kind.", query_bounds,
          by_query),
    shown("database_size_bytes", "Size of the daemon's databases and their write-ahead logs in bytes.",
          sampled),
    counted("database_slow_queries_total", "Statements that took longer than database.slow_query_ms.",
            by_query),
    timed("disk_io_latency_ms",
          "The daemon's own reads, writes and syncs of its database and its recordings in milliseconds.",
          disk_bounds_ms, by_operation),
    counted("disk_io_read_bytes_total", "Bytes read from the block device, by everybody.", by_block_device,
            sampled),
    counted("disk_io_write_bytes_total", "Bytes written to the block device, by everybody.", by_block_device,
            sampled),
    shown("disk_space_free_bytes", "Bytes free for those who are not root.", by_mount_point, sampled),
    shown("disk_space_total_bytes", "Size of the file system in bytes.", by_mount_point, sampled),
    shown("disk_space_used_bytes", "Bytes in use.", by_mount_point, sampled),
    shown("disk_space_used_percent", "Used, of what is used and free, as df counts.", by_mount_point,
          sampled),
    timed("doorbell_chime_latency_seconds",
          "From the button's edge to the write that switches a chime's line on.", chime_bounds),
    timed("doorbell_ring_to_live_view_seconds",
          "From the button's edge to the first picture sent to one who began to watch within a minute.",
          view_bounds, by_view_protocol),
    traced(timed("doorbell_ring_to_notification_seconds",
                 "From the button's edge to the channel's acceptance of the message.", ring_bounds,
                 by_channel)),
    counted("doorbell_triggers_by_hour_total", "Rings by local hour.", by_hour),
    counted("doorbell_triggers_total",
            "Rings; local time: morning 06-12, afternoon 12-18, evening 18-22, night 22-06.", by_trigger),
    counted("errors_total", "Handled errors, counted once, where handled.", by_error, error_table),
    shown("face_recognition_accuracy",
          "Right answers in percent of the last 200 sightings that people have labelled; from 20 on.",
          by_model, when_set),
    timed("face_recognition_confidence", "Best match score of a recognition.", ratio_bounds, by_result),
    counted("face_recognition_requests_total",
            "Recognition attempts; high from 0.9, medium from 0.7, low from 0.5, else very_low.",
            by_recognition),
    counted("face_shots_refused_total",
            "Pictures of a face before a camera that were compared with nobody, by what they lacked most.",
            by_face_refusal),
    counted("failed_logins_total", "Logins refused."),
    shown("ffmpeg_process_cpu_percent",
          "CPU of the camera's ingest and decoder threads since the last sample, in percent of one core.",
          by_camera, sampled),
    shown("ffmpeg_process_memory_mb",
          "Packets that wait or are kept at rest, and pictures in use of the camera, in megabytes (10^6).",
          by_camera, sampled),
    counted("ffmpeg_process_restarts_total", "Restarts of the camera's workers by the supervisor.",
            by_camera),
    shown("ffmpeg_process_uptime_seconds", "Time since the last start of the camera's workers.", by_camera,
          sampled),
    shown("health_check_last_success_timestamp_seconds", "When the deep check last passed, in Unix seconds.",
          by_health_check, when_set),
    shown("health_check_status", "1: the deep check passed when it last ran; 0: it failed.", by_health_check,
          when_set),
    counted("hls_playlist_requests_total", "HLS playlists served."),
    shown("http_client_connections",
          "Connections to other servers over HTTP; active: in a request, idle: kept for the next.",
          by_connection_state, when_used),
    traced(timed("http_request_duration_seconds",
                 "From the first request byte parsed to the last response byte handed to the kernel.",
                 http_bounds, by_route, routes)),
    counted("http_request_rejections_total", "Input refused before a handler ran.", by_rejection),
    shown("http_requests_in_flight", "Requests being served now.", when_used),
    counted("http_requests_total", "Requests completed by the web server.", by_request, routes),
    counted("http_slow_readers_dropped_total",
            "Event streams and WebSockets closed because their client did not read."),
    counted("jwt_token_validations_total", "API tokens checked.", by_verdict),
    shown("known_faces_database_size", "Enrolled persons.", when_used),
    counted("log_messages_dropped_total", "Log records not written.", by_log_drop),
    counted("log_messages_total", "Log records emitted.", by_log_level),
    shown("metrics_exposed_bytes", "Uncompressed size of the last scrape.", when_set),
    shown("metrics_exposed_series", "Sample lines in the last scrape.", when_set),
    counted("metrics_label_overflow_total", "Label values folded into other by the cardinality guard."),
    timed("metrics_scrape_duration_seconds", "Duration of the scrapes before this one.", scrape_bounds),
    counted("metrics_scrapes_total", "Scrapes by result.", by_code),
    timed("ml_inference_duration_seconds", "Pure inference time.", inference_bounds),
    shown("ml_model_accuracy",
          "Right answers as a part of the last 200 sightings that people have labelled; from 50 on.",
          when_set),
    shown("ml_model_info", "Constant 1 for each model that is in memory.", by_loaded_model, when_set),
    shown("ml_model_precision",
          "Right names as a part of the names given, of the same sightings as ml_model_accuracy.", when_set),
    shown("ml_model_recall",
          "Right names as a part of these and of the enrolled who got none, of the same sightings.",
          when_set),
    timed("ml_prediction_confidence",
          "Score of each face the detector found, confidence of each answer; other networks stay empty.",
          ratio_bounds, by_model),
    counted("ml_predictions_total", "Inference calls that returned.", by_model),
    counted("motion_events_detected_total", "Motions that began.", by_camera),
    counted("network_bytes_received_total", "Bytes received by the physical interface.", by_interface,
            sampled),
    counted("network_bytes_sent_total", "Bytes sent by the physical interface.", by_interface, sampled),
    shown("network_connections", "TCP sockets of the daemon by state.", by_socket_state, sampled),
    counted("network_drops_total", "Packets dropped by the physical interface, both ways.", by_interface,
            sampled),
    counted("network_errors_total", "Errors of the physical interface, both ways.", by_interface, sampled),
    counted("notification_attempts_total", "Attempts to deliver a message, by what came of them.",
            by_attempt),
    shown("notification_channel_open",
          "1: a channel of this type does not answer and is tried once a minute only.", by_channel,
          when_used),
    timed("notification_delivery_duration_seconds", "First attempt to final outcome.", ring_bounds,
          by_channel),
    counted("notification_retries_total", "Repeated delivery attempts.", by_channel),
    counted("notifications_sent_total", "Final outcome per message and channel.", by_message),
    counted("notifications_suppressed_total", "Rules and channels that kept silent about an event.",
            by_suppression),
    shown("outbox_dead_letters", "Messages that were refused or expired, and are kept to be sent again.",
          by_channel, when_used),
    shown("outbox_depth", "Messages of the outbox that wait for delivery.", by_channel, when_used),
    shown("outbox_oldest_age_seconds", "How long the oldest message that waits for delivery has been due.",
          by_channel, when_set),
    shown("output_active", "1: the output is on; absent while its line cannot be written.", by_output,
          when_set),
    counted("pipeline_events_total", "Events; failure: not written to the log when they came.", by_event),
    traced(timed("pipeline_processing_duration_seconds", "Time in one stage.", stage_bounds, by_stage)),
    shown("pipeline_queue_capacity", "Bound of the queue.", by_queue, when_used),
    counted("pipeline_queue_dropped_total", "Items dropped because the queue was full.", by_queue),
    shown("pipeline_queue_size", "Items waiting in the queue.", by_queue, when_used),
    shown("pipeline_worker_health", "1: the worker's heartbeat is younger than its deadline.", by_worker,
          when_used),
    counted("pipeline_worker_restarts_total", "Workers restarted by the supervisor.", by_worker_type),
    counted("process_cpu_seconds_total", "User and system CPU time in seconds.", {}, at_scrape),
    shown("process_max_fds", "Limit of open file descriptors.", at_scrape),
    shown("process_open_fds", "Open file descriptors.", at_scrape),
    shown("process_resident_memory_bytes", "Resident memory in bytes.", at_scrape),
    shown("process_start_time_seconds", "Start of the process in Unix seconds.", at_scrape),
    shown("process_threads", "Threads of the process.", at_scrape),
    shown("process_virtual_memory_bytes", "Virtual memory in bytes.", at_scrape),
    shown("process_virtual_memory_max_bytes", "Limit of the address space in bytes, -1 without one.",
          at_scrape),
    shown("recognition_labels",
          "The labelled sightings that face_recognition_accuracy counts; positive: somebody was named.",
          by_outcome, when_used),
    shown("recording_active", "1: a segment is being written.", by_camera, when_used),
    counted("recording_bytes_written_total", "Bytes written into segments.", by_camera),
    counted("recording_gap_seconds_by_cause_total",
            "The same as recording_gap_seconds_total, of all cameras, by what was in the way.", by_gap_cause),
    counted("recording_gap_seconds_total",
            "Time that should have been recorded and was not; grows while a gap goes on.", by_camera),
    shown("recording_oldest_segment_timestamp_seconds",
          "Begin of the oldest segment that is kept, in Unix seconds.", by_camera, when_set),
    counted("recording_segments_deleted_total", "Segments deleted, by why.", by_deletion),
    timed("redis_health_check_duration_seconds",
          "How long the deep check of what is kept in memory took (there is no Redis).", health_bounds),
    counted("registration_conflicts_total", "Account creations refused because the name exists."),
    counted("security_events_total", "Security events.", by_security),
    timed("segment_processing_seconds", "Closing and syncing one segment at its end.", stage_bounds,
          by_camera),
    shown("storage_volume_info", "Constant 1; what is kept on the file system that is mounted there.",
          by_volume, sampled),
    shown("stream_bitrate", "Bits per second of one copy of the outgoing stream.", by_camera_quality,
          when_used),
    counted("stream_bytes_sent_total", "Bytes sent to viewers.", by_protocol),
    shown("stream_latency_ms",
          "From a picture's arrival until the slowest viewer shows it, in milliseconds: its sending, half a "
          "round "
          "trip, and how long the viewer says it keeps it.",
          by_camera_protocol, when_used),
    timed("stream_latency_seconds", "The same as a distribution, every 5 s of each viewer.", latency_bounds,
          by_protocol),
    shown("stream_viewers_count", "Viewers connected now.", by_camera, when_used),
    counted("successful_logins_total", "Logins that succeeded."),
    counted("successful_registrations_total", "Accounts created."),
    shown("system_cpu_core_usage_percent", "Use of one core since the last sample.", by_core, sampled),
    shown("system_cpu_usage_percent", "Use of all cores since the last sample.", sampled),
    shown("system_disk_usage_percent",
          "The same number as disk_space_used_percent, under the name that one document uses.",
          by_mount_point, sampled),
    timed("system_health_check_duration_seconds", "How long all deep checks took together.", health_bounds),
    shown("system_health_score",
          "Of 100: 40 for connected cameras, 30 for requests without 5xx, 20 for free disks, 10 for frames "
          "that "
          "arrived; the last 5 minutes.",
          sampled),
    shown("system_load_average", "Load of the machine.", by_window, sampled),
    shown("system_memory_available_bytes", "Memory that programs can still get, in bytes.", sampled),
    shown("system_memory_total_bytes", "Memory of the machine in bytes.", sampled),
    shown("system_memory_usage_bytes", "Memory that is not available, in bytes.", sampled),
    shown("system_temperature_celsius", "Thermal zones of the kernel.", by_sensor, sampled),
    shown("system_throttled", "Throttle flags of the Raspberry Pi's firmware: 1 at this moment, 0 not.",
          by_throttle, sampled),
    shown("user_accounts", "Accounts by state.", by_account_state, when_used),
    timed("user_login_duration_seconds", "From the request to the session of a login that succeeded.",
          account_bounds),
    timed("user_registration_duration_seconds", "From the request to the account.", account_bounds),
    shown("user_sessions_active", "Sessions that are not expired.", when_used),
    timed("video_generation_duration_seconds",
          "How long the daemon took to render a clip, an export or a thumbnail; timelapse stays empty.",
          rendering_bounds, by_rendering),
    counted("video_generation_total",
            "Films of events (clip) and of chosen intervals (export) and thumbnails rendered by the daemon; "
            "timelapse stays 0.",
            by_rendering_outcome),
    shown("websocket_connections", "WebSocket connections open now.", when_used),
    counted("websocket_connections_total", "WebSocket connections accepted."),
};

constexpr bool sorted_and_distinct() {
  return std::adjacent_find(std::begin(families), std::end(families), [](const auto& a, const auto& b) {
           return !(a.name < b.name);
         }) == std::end(families);
}
static_assert(sorted_and_distinct(), "catalogue: keep the table sorted by name");

// What the code takes a counter for: each component's faults where they are handled, and `internal` where the
// supervisor speaks for a worker of it.
constexpr Words ingest_errors = {"timeout", "io", "network", "decode", "auth", "internal"};
constexpr Words api_errors = {"validation", "internal"};
constexpr Words database_errors = {"io", "resource", "internal"};
constexpr Words notifier_errors = {"timeout", "network", "validation", "resource", "auth", "internal"};
constexpr Words hardware_errors = {"io", "internal"};
constexpr Words worker_errors = {"internal"};

constexpr ErrorRow error_rows[] = {
    {"ingest", ingest_errors},     {"detector", worker_errors},  {"face_detector", worker_errors},
    {"recognizer", worker_errors}, {"recorder", worker_errors},  {"streaming", worker_errors},
    {"api", api_errors},           {"auth", worker_errors},      {"database", database_errors},
    {"notifier", notifier_errors}, {"storage", database_errors}, {"hardware", hardware_errors},
};

}  // namespace

std::span<const FamilySpec> catalogue() noexcept {
  return families;
}

const FamilySpec* find_family(std::string_view name) noexcept {
  const auto* found =
      std::lower_bound(std::begin(families), std::end(families), name,
                       [](const FamilySpec& spec, std::string_view n) { return spec.name < n; });
  return found != std::end(families) && found->name == name ? found : nullptr;
}

std::span<const ErrorRow> error_table() noexcept {
  return error_rows;
}
std::span<const std::string_view> severities() noexcept {
  return severity_words;
}

std::string_view to_string(Kind kind) noexcept {
  constexpr std::array<std::string_view, 3> names = {"counter", "gauge", "histogram"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view to_string(ByConfiguration source) noexcept {
  constexpr std::array<std::string_view, 11> names = {
      "",          "camera_id", "channel", "endpoint", "model_version", "worker_id",
      "button_id", "output_id", "build",   "device",   "machine"};
  return names[static_cast<std::size_t>(source)];
}

}  // namespace porchlight::telemetry
