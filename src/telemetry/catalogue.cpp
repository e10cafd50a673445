// SPDX-License-Identifier: Apache-2.0
#include "telemetry/catalogue.hpp"

#include <algorithm>
#include <array>

#include "telemetry/catalogue_words.hpp"

namespace porchlight::telemetry {
namespace {

using namespace words;

// Labels.
using Labels = LabelSpec[];
constexpr LabelSpec camera = {"camera_id", {}, ByConfiguration::camera_id};
constexpr LabelSpec channel = {"channel", {}, ByConfiguration::channel};
constexpr LabelSpec endpoint = {"endpoint", {}, ByConfiguration::endpoint};
constexpr Labels by_camera = {camera};
constexpr Labels by_camera_state = {camera, {"status", connection_states}};
constexpr Labels by_camera_reason = {camera, {"reason", reconnect_reasons}};
constexpr Labels by_channel = {channel};
constexpr Labels by_protocol = {{"protocol", protocols}};
constexpr Labels by_view_protocol = {{"protocol", view_protocols}};
constexpr Labels by_camera_protocol = {camera, {"protocol", protocols}};
constexpr Labels by_camera_quality = {camera, {"quality", qualities}};
constexpr Labels by_button = {{"button_id", {}, ByConfiguration::button_id}};
constexpr Labels by_output = {{"output_id", {}, ByConfiguration::output_id}};
constexpr Labels by_model = {{"model_version", {}, ByConfiguration::model_version}};
constexpr Labels by_loaded_model = {{"model_version", {}, ByConfiguration::model_version},
                                    {"backend", backends}};
constexpr Labels by_job = {{"job_type", job_types}};
constexpr Labels by_job_result = {{"job_type", job_types}, {"status", job_statuses}};
constexpr Labels by_request = {{"method", methods}, endpoint, {"status", statuses}};
constexpr Labels by_route = {{"method", methods}, endpoint};
constexpr Labels by_query = {{"query_type", query_types}};
constexpr Labels by_event = {{"event_type", event_types}, {"status", event_statuses}};
constexpr Labels by_stage = {{"stage", stages}};
constexpr Labels by_queue = {{"queue_name", queues}};
constexpr Labels by_worker = {{"worker_id", {}, ByConfiguration::worker_id}, {"worker_type", worker_types}};
constexpr Labels by_worker_type = {{"worker_type", worker_types}};
constexpr Labels by_recognition = {{"result_type", result_types}, {"confidence_bucket", confidence_buckets}};
constexpr Labels by_result = {{"result_type", result_types}};
constexpr Labels by_trigger = {{"trigger_source", trigger_sources}, {"time_of_day", times_of_day}};
constexpr Labels by_hour = {{"hour", hours}};
constexpr Labels by_message = {channel, {"type", notification_types}, {"status", outcomes}};
constexpr Labels by_attempt = {channel, {"result", attempt_results}};
constexpr Labels by_face_refusal = {{"reason", face_refusals}};
constexpr Labels by_suppression = {{"reason", suppressions}};
constexpr Labels by_error = {
    {"component", components}, {"error_type", error_types}, {"severity", severity_words}};
constexpr Labels by_security = {
    {"event_type", security_types}, {"source", security_sources}, {"action_taken", security_actions}};
constexpr Labels by_deletion = {{"reason", deletion_reasons}};
constexpr Labels by_volume = {{"mount_point", {}, ByConfiguration::machine}, {"role", volume_roles}};
constexpr Labels by_gap_cause = {{"cause", gap_causes}};
constexpr Labels by_audit_type = {{"event_type", audit_types}};
constexpr Labels by_verdict = {{"result", token_verdicts}};
constexpr Labels by_account_state = {{"state", account_states}};
constexpr Labels by_log_level = {{"level", log_levels}};
constexpr Labels by_log_drop = {{"reason", log_drops}};
constexpr Labels by_code = {{"code", scrape_codes}};
constexpr Labels by_alert = {{"status", alert_statuses}, {"severity", alert_severities}};
constexpr Labels by_rejection = {{"reason", rejection_reasons}};
constexpr Labels by_mount_point = {{"mount_point", {}, ByConfiguration::machine}};
constexpr Labels by_block_device = {{"device", {}, ByConfiguration::machine}};
constexpr Labels by_operation = {{"device", {}, ByConfiguration::device}, {"operation", disk_operations}};
constexpr Labels by_interface = {{"interface", {}, ByConfiguration::machine}};
constexpr Labels by_socket_state = {{"state", socket_states}};
constexpr Labels by_core = {{"cpu", {}, ByConfiguration::machine}};
constexpr Labels by_window = {{"window", load_windows}};
constexpr Labels by_sensor = {{"sensor", {}, ByConfiguration::machine}};
constexpr Labels by_throttle = {{"reason", throttle_reasons}};
constexpr Labels by_rendering = {{"mode", renderings}};
constexpr Labels by_rendering_outcome = {{"mode", renderings}, {"status", rendering_outcomes}};
constexpr Labels by_build = {{"version", {}, ByConfiguration::build},
                             {"revision", {}, ByConfiguration::build},
                             {"compiler", {}, ByConfiguration::build},
                             {"arch", {}, ByConfiguration::build}};

using enum Created;
constexpr Kind counter = Kind::counter;
constexpr Kind gauge = Kind::gauge;
constexpr Kind histogram = Kind::histogram;

constexpr FamilySpec families[] = {
    {"account_lockouts_total", counter, "Accounts locked after repeated failures.", {}, {}, all_combinations},
    {"active_connections", gauge, "Open TCP connections of the web server.", {}, {}, when_used},
    {"active_connections_total",
     gauge,
     "The same number as active_connections, under the name that one document uses.",
     {},
     {},
     when_used},
    {"active_streams_total", gauge, "Streams of cameras that are sent to viewers now.", {}, {}, when_used},
    {"ai_jobs_enqueued_total", counter, "Jobs for the networks ever taken on.", by_job, {}, all_combinations},
    {"ai_jobs_processed_total", counter, "Jobs that ended.", by_job_result, {}, all_combinations},
    {"ai_jobs_queued_total",
     gauge,
     "Jobs taken on that have not ended: those that wait, and the one being worked on.",
     by_job,
     {},
     when_used},
    {"ai_processing_duration_seconds", histogram, "From a job's turn to its result.", by_job,
     inference_bounds, all_combinations},
    {"alerts_received_total", counter, "Alerts taken in from Alertmanager.", by_alert, {}, all_combinations},
    {"alerts_watchdog_timestamp_seconds",
     gauge,
     "When Alertmanager last sent the alert Watchdog, in Unix seconds.",
     {},
     {},
     when_set},
    {"audit_log_entries_total",
     counter,
     "Audit records appended by the daemon.",
     by_audit_type,
     {},
     all_combinations},
    {"audit_log_integrity_status", gauge, "1: the last full verification passed; 0: not.", {}, {}, when_set},
    {"audit_log_last_verified_timestamp_seconds",
     gauge,
     "End of the last full verification in Unix seconds.",
     {},
     {},
     when_set},
    {"audit_log_write_failures_total",
     counter,
     "Audit records that could not be appended.",
     {},
     {},
     all_combinations},
    {"build_info", gauge, "Constant 1; what is running.", by_build, {}, at_scrape},
    {"button_lost_edges_total",
     counter,
     "Button edges the kernel dropped; absent where the interface cannot tell.",
     by_button,
     {},
     all_combinations},
    {"camera_bitrate", gauge, "Bits per second received in the last 10 seconds.", by_camera, {}, when_set},
    {"camera_connection_state",
     gauge,
     "State set: 1 for the camera's current state, 0 for the others.",
     by_camera_state,
     {},
     when_used},
    {"camera_connection_status",
     gauge,
     "1: frames arrive within the stall timeout; 0: not.",
     by_camera,
     {},
     when_used},
    {"camera_fps", gauge, "Frames per second received in the last 10 seconds.", by_camera, {}, when_set},
    {"camera_fps_expected", gauge, "Configured or announced frame rate.", by_camera, {}, when_set},
    {"camera_frames_dropped_total",
     counter,
     "Frames lost anywhere: network gap, decoder, full queue.",
     by_camera,
     {},
     all_combinations},
    {"camera_frames_received_total", counter, "Frames received.", by_camera, {}, all_combinations},
    {"camera_last_frame_timestamp",
     gauge,
     "Arrival of the last frame in Unix seconds.",
     by_camera,
     {},
     when_set},
    {"camera_reconnects_total",
     counter,
     "Reconnect attempts by reason.",
     by_camera_reason,
     {},
     all_combinations},
    {"container_cpu_usage_seconds_total",
     counter,
     "CPU time of the daemon's own control group in seconds.",
     {},
     {},
     sampled},
    {"container_memory_usage_bytes",
     gauge,
     "Memory of the daemon's own control group in bytes.",
     {},
     {},
     sampled},
    {"container_spec_memory_limit_bytes",
     gauge,
     "Memory limit of the daemon's own control group in bytes; all memory when it has none.",
     {},
     {},
     sampled},
    {"database_query_duration_seconds", histogram, "Duration of statements on the database by kind.",
     by_query, query_bounds, all_combinations},
    {"disk_io_latency_ms", histogram,
     "The daemon's own reads, writes and syncs of its database and its recordings in milliseconds.",
     by_operation, disk_bounds_ms, all_combinations},
    {"disk_io_read_bytes_total",
     counter,
     "Bytes read from the block device, by everybody.",
     by_block_device,
     {},
     sampled},
    {"disk_io_write_bytes_total",
     counter,
     "Bytes written to the block device, by everybody.",
     by_block_device,
     {},
     sampled},
    {"disk_space_free_bytes", gauge, "Bytes free for those who are not root.", by_mount_point, {}, sampled},
    {"disk_space_total_bytes", gauge, "Size of the file system in bytes.", by_mount_point, {}, sampled},
    {"disk_space_used_bytes", gauge, "Bytes in use.", by_mount_point, {}, sampled},
    {"disk_space_used_percent",
     gauge,
     "Used, of what is used and free, as df counts.",
     by_mount_point,
     {},
     sampled},
    {"doorbell_chime_latency_seconds",
     histogram,
     "From the button's edge to the write that switches a chime's line on.",
     {},
     chime_bounds,
     all_combinations},
    {"doorbell_ring_to_live_view_seconds", histogram,
     "From the button's edge to the first picture sent to one who began to watch within a minute.",
     by_view_protocol, view_bounds, all_combinations},
    {"doorbell_ring_to_notification_seconds", histogram,
     "From the button's edge to the channel's acceptance of the message.", by_channel, ring_bounds,
     all_combinations},
    {"doorbell_triggers_by_hour_total", counter, "Rings by local hour.", by_hour, {}, all_combinations},
    {"doorbell_triggers_total",
     counter,
     "Rings; local time: morning 06-12, afternoon 12-18, evening 18-22, night 22-06.",
     by_trigger,
     {},
     all_combinations},
    {"errors_total", counter, "Handled errors, counted once, where handled.", by_error, {}, error_table},
    {"face_recognition_confidence", histogram, "Best match score of a recognition.", by_result, ratio_bounds,
     all_combinations},
    {"face_recognition_requests_total",
     counter,
     "Recognition attempts; high from 0.9, medium from 0.7, low from 0.5, else very_low.",
     by_recognition,
     {},
     all_combinations},
    {"face_shots_refused_total",
     counter,
     "Pictures of a face before a camera that were compared with nobody, by what they lacked most.",
     by_face_refusal,
     {},
     all_combinations},
    {"failed_logins_total", counter, "Logins refused.", {}, {}, all_combinations},
    {"ffmpeg_process_cpu_percent",
     gauge,
     "CPU of the camera's ingest and decoder threads since the last sample, in percent of one core.",
     by_camera,
     {},
     sampled},
    {"ffmpeg_process_memory_mb",
     gauge,
     "Packets that wait or are kept at rest, and pictures in use of the camera, in megabytes (10^6).",
     by_camera,
     {},
     sampled},
    {"ffmpeg_process_restarts_total",
     counter,
     "Restarts of the camera's workers by the supervisor.",
     by_camera,
     {},
     all_combinations},
    {"ffmpeg_process_uptime_seconds",
     gauge,
     "Time since the last start of the camera's workers.",
     by_camera,
     {},
     sampled},
    {"hls_playlist_requests_total", counter, "HLS playlists served.", {}, {}, all_combinations},
    {"http_request_duration_seconds", histogram,
     "From the first request byte parsed to the last response byte handed to the kernel.", by_route,
     http_bounds, routes},
    {"http_request_rejections_total",
     counter,
     "Input refused before a handler ran.",
     by_rejection,
     {},
     all_combinations},
    {"http_requests_in_flight", gauge, "Requests being served now.", {}, {}, when_used},
    {"http_requests_total", counter, "Requests completed by the web server.", by_request, {}, routes},
    {"http_slow_readers_dropped_total",
     counter,
     "Event streams and WebSockets closed because their client did not read.",
     {},
     {},
     all_combinations},
    {"jwt_token_validations_total", counter, "API tokens checked.", by_verdict, {}, all_combinations},
    {"known_faces_database_size", gauge, "Enrolled persons.", {}, {}, when_used},
    {"log_messages_dropped_total", counter, "Log records not written.", by_log_drop, {}, all_combinations},
    {"log_messages_total", counter, "Log records emitted.", by_log_level, {}, all_combinations},
    {"metrics_exposed_bytes", gauge, "Uncompressed size of the last scrape.", {}, {}, when_set},
    {"metrics_exposed_series", gauge, "Sample lines in the last scrape.", {}, {}, when_set},
    {"metrics_label_overflow_total",
     counter,
     "Label values folded into other by the cardinality guard.",
     {},
     {},
     all_combinations},
    {"metrics_scrape_duration_seconds",
     histogram,
     "Duration of the scrapes before this one.",
     {},
     scrape_bounds,
     all_combinations},
    {"metrics_scrapes_total", counter, "Scrapes by result.", by_code, {}, all_combinations},
    {"ml_inference_duration_seconds",
     histogram,
     "Pure inference time.",
     {},
     inference_bounds,
     all_combinations},
    {"ml_model_info", gauge, "Constant 1 for each model that is in memory.", by_loaded_model, {}, when_set},
    {"ml_predictions_total", counter, "Inference calls that returned.", by_model, {}, all_combinations},
    {"motion_events_detected_total", counter, "Motions that began.", by_camera, {}, all_combinations},
    {"network_bytes_received_total",
     counter,
     "Bytes received by the physical interface.",
     by_interface,
     {},
     sampled},
    {"network_bytes_sent_total", counter, "Bytes sent by the physical interface.", by_interface, {}, sampled},
    {"network_connections", gauge, "TCP sockets of the daemon by state.", by_socket_state, {}, sampled},
    {"network_drops_total",
     counter,
     "Packets dropped by the physical interface, both ways.",
     by_interface,
     {},
     sampled},
    {"network_errors_total",
     counter,
     "Errors of the physical interface, both ways.",
     by_interface,
     {},
     sampled},
    {"notification_attempts_total",
     counter,
     "Attempts to deliver a message, by what came of them.",
     by_attempt,
     {},
     all_combinations},
    {"notification_channel_open",
     gauge,
     "1: a channel of this type does not answer and is tried once a minute only.",
     by_channel,
     {},
     when_used},
    {"notification_delivery_duration_seconds", histogram, "First attempt to final outcome.", by_channel,
     ring_bounds, all_combinations},
    {"notification_retries_total", counter, "Repeated delivery attempts.", by_channel, {}, all_combinations},
    {"notifications_sent_total",
     counter,
     "Final outcome per message and channel.",
     by_message,
     {},
     all_combinations},
    {"notifications_suppressed_total",
     counter,
     "Rules and channels that kept silent about an event.",
     by_suppression,
     {},
     all_combinations},
    {"outbox_dead_letters",
     gauge,
     "Messages that were refused or expired, and are kept to be sent again.",
     by_channel,
     {},
     when_used},
    {"outbox_depth", gauge, "Messages of the outbox that wait for delivery.", by_channel, {}, when_used},
    {"outbox_oldest_age_seconds",
     gauge,
     "How long the oldest message that waits for delivery has been due.",
     by_channel,
     {},
     when_set},
    {"output_active",
     gauge,
     "1: the output is on; absent while its line cannot be written.",
     by_output,
     {},
     when_set},
    {"pipeline_events_total", counter, "Events that left the pipeline.", by_event, {}, all_combinations},
    {"pipeline_processing_duration_seconds", histogram, "Time in one stage.", by_stage, stage_bounds,
     all_combinations},
    {"pipeline_queue_capacity", gauge, "Bound of the queue.", by_queue, {}, when_used},
    {"pipeline_queue_dropped_total",
     counter,
     "Items dropped because the queue was full.",
     by_queue,
     {},
     all_combinations},
    {"pipeline_queue_size", gauge, "Items waiting in the queue.", by_queue, {}, when_used},
    {"pipeline_worker_health",
     gauge,
     "1: the worker's heartbeat is younger than its deadline.",
     by_worker,
     {},
     when_used},
    {"pipeline_worker_restarts_total",
     counter,
     "Workers restarted by the supervisor.",
     by_worker_type,
     {},
     all_combinations},
    {"process_cpu_seconds_total", counter, "User and system CPU time in seconds.", {}, {}, at_scrape},
    {"process_max_fds", gauge, "Limit of open file descriptors.", {}, {}, at_scrape},
    {"process_open_fds", gauge, "Open file descriptors.", {}, {}, at_scrape},
    {"process_resident_memory_bytes", gauge, "Resident memory in bytes.", {}, {}, at_scrape},
    {"process_start_time_seconds", gauge, "Start of the process in Unix seconds.", {}, {}, at_scrape},
    {"process_threads", gauge, "Threads of the process.", {}, {}, at_scrape},
    {"process_virtual_memory_bytes", gauge, "Virtual memory in bytes.", {}, {}, at_scrape},
    {"process_virtual_memory_max_bytes",
     gauge,
     "Limit of the address space in bytes, -1 without one.",
     {},
     {},
     at_scrape},
    {"recording_active", gauge, "1: a segment is being written.", by_camera, {}, when_used},
    {"recording_bytes_written_total",
     counter,
     "Bytes written into segments.",
     by_camera,
     {},
     all_combinations},
    {"recording_gap_seconds_by_cause_total",
     counter,
     "The same as recording_gap_seconds_total, of all cameras, by what was in the way.",
     by_gap_cause,
     {},
     all_combinations},
    {"recording_gap_seconds_total",
     counter,
     "Time that should have been recorded and was not; grows while a gap goes on.",
     by_camera,
     {},
     all_combinations},
    {"recording_oldest_segment_timestamp_seconds",
     gauge,
     "Begin of the oldest segment that is kept, in Unix seconds.",
     by_camera,
     {},
     when_set},
    {"recording_segments_deleted_total",
     counter,
     "Segments deleted, by why.",
     by_deletion,
     {},
     all_combinations},
    {"registration_conflicts_total",
     counter,
     "Account creations refused because the name exists.",
     {},
     {},
     all_combinations},
    {"security_events_total", counter, "Security events.", by_security, {}, all_combinations},
    {"segment_processing_seconds", histogram, "Closing and syncing one segment at its end.", by_camera,
     stage_bounds, all_combinations},
    {"storage_volume_info",
     gauge,
     "Constant 1; what is kept on the file system that is mounted there.",
     by_volume,
     {},
     sampled},
    {"stream_bitrate",
     gauge,
     "Bits per second of one copy of the outgoing stream.",
     by_camera_quality,
     {},
     when_used},
    {"stream_bytes_sent_total", counter, "Bytes sent to viewers.", by_protocol, {}, all_combinations},
    {"stream_latency_ms",
     gauge,
     "From a picture's arrival until the slowest viewer shows it, in milliseconds: its sending, half a round "
     "trip, and how long the viewer says it keeps it.",
     by_camera_protocol,
     {},
     when_used},
    {"stream_latency_seconds", histogram, "The same as a distribution, every 5 s of each viewer.",
     by_protocol, latency_bounds, all_combinations},
    {"stream_viewers_count", gauge, "Viewers connected now.", by_camera, {}, when_used},
    {"successful_logins_total", counter, "Logins that succeeded.", {}, {}, all_combinations},
    {"successful_registrations_total", counter, "Accounts created.", {}, {}, all_combinations},
    {"system_cpu_core_usage_percent", gauge, "Use of one core since the last sample.", by_core, {}, sampled},
    {"system_cpu_usage_percent", gauge, "Use of all cores since the last sample.", {}, {}, sampled},
    {"system_disk_usage_percent",
     gauge,
     "The same number as disk_space_used_percent, under the name that one document uses.",
     by_mount_point,
     {},
     sampled},
    {"system_load_average", gauge, "Load of the machine.", by_window, {}, sampled},
    {"system_memory_available_bytes",
     gauge,
     "Memory that programs can still get, in bytes.",
     {},
     {},
     sampled},
    {"system_memory_total_bytes", gauge, "Memory of the machine in bytes.", {}, {}, sampled},
    {"system_memory_usage_bytes", gauge, "Memory that is not available, in bytes.", {}, {}, sampled},
    {"system_temperature_celsius", gauge, "Thermal zones of the kernel.", by_sensor, {}, sampled},
    {"system_throttled",
     gauge,
     "Throttle flags of the Raspberry Pi's firmware: 1 at this moment, 0 not.",
     by_throttle,
     {},
     sampled},
    {"user_accounts", gauge, "Accounts by state.", by_account_state, {}, when_used},
    {"user_login_duration_seconds",
     histogram,
     "From the request to the session of a login that succeeded.",
     {},
     account_bounds,
     all_combinations},
    {"user_registration_duration_seconds",
     histogram,
     "From the request to the account.",
     {},
     account_bounds,
     all_combinations},
    {"user_sessions_active", gauge, "Sessions that are not expired.", {}, {}, when_used},
    {"video_generation_duration_seconds", histogram,
     "How long the daemon took to render a clip or a thumbnail; the other modes stay empty.", by_rendering,
     rendering_bounds, all_combinations},
    {"video_generation_total",
     counter,
     "Clips and thumbnails rendered by the daemon; export stays 0 (a process of its own), and so does "
     "timelapse.",
     by_rendering_outcome,
     {},
     all_combinations},
    {"websocket_connections", gauge, "WebSocket connections open now.", {}, {}, when_used},
    {"websocket_connections_total", counter, "WebSocket connections accepted.", {}, {}, all_combinations},
};

constexpr bool sorted_and_distinct() {
  return std::adjacent_find(std::begin(families), std::end(families), [](const auto& a, const auto& b) {
           return !(a.name < b.name);
         }) == std::end(families);
}
static_assert(sorted_and_distinct(), "catalogue: keep the table sorted by name");

constexpr Words ingest_errors = {"timeout", "io", "network", "decode", "auth", "resource", "internal"};
constexpr Words detector_errors = {"decode", "resource", "internal"};
constexpr Words face_errors = {"decode", "validation", "resource", "internal"};
constexpr Words api_errors = {"timeout", "io", "network", "validation", "resource", "internal"};
constexpr Words database_errors = {"timeout", "io", "resource", "internal"};
constexpr Words notifier_errors = {"timeout", "io", "network", "validation", "resource", "auth", "internal"};
constexpr Words storage_errors = {"io", "resource"};
constexpr Words hardware_errors = {"timeout", "io", "resource", "internal"};
constexpr Words config_errors = {"io", "validation"};

constexpr ErrorRow error_rows[] = {
    {"ingest", ingest_errors},     {"detector", detector_errors}, {"face_detector", face_errors},
    {"recognizer", face_errors},   {"api", api_errors},           {"database", database_errors},
    {"notifier", notifier_errors}, {"storage", storage_errors},   {"hardware", hardware_errors},
    {"config", config_errors},
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
