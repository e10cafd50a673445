// SPDX-License-Identifier: Apache-2.0
// The labels that families of the catalogue have.
#pragma once

#include "telemetry/catalogue.hpp"
#include "telemetry/catalogue_words.hpp"

namespace porchlight::telemetry::labels {

using namespace words;

using Labels = LabelSpec[];
inline constexpr LabelSpec camera = {"camera_id", {}, ByConfiguration::camera_id};
inline constexpr LabelSpec channel = {"channel", {}, ByConfiguration::channel};
inline constexpr LabelSpec endpoint = {"endpoint", {}, ByConfiguration::endpoint};
inline constexpr Labels by_camera = {camera};
inline constexpr Labels by_camera_state = {camera, {"status", connection_states}};
inline constexpr Labels by_camera_reason = {camera, {"reason", reconnect_reasons}};
inline constexpr Labels by_channel = {channel};
inline constexpr Labels by_protocol = {{"protocol", protocols}};
inline constexpr Labels by_view_protocol = {{"protocol", view_protocols}};
inline constexpr Labels by_camera_protocol = {camera, {"protocol", protocols}};
inline constexpr Labels by_camera_quality = {camera, {"quality", qualities}};
inline constexpr Labels by_button = {{"button_id", {}, ByConfiguration::button_id}};
inline constexpr Labels by_output = {{"output_id", {}, ByConfiguration::output_id}};
inline constexpr Labels by_model = {{"model_version", {}, ByConfiguration::model_version}};
inline constexpr Labels by_loaded_model = {{"model_version", {}, ByConfiguration::model_version},
                                           {"backend", backends}};
inline constexpr Labels by_job = {{"job_type", job_types}};
inline constexpr Labels by_job_result = {{"job_type", job_types}, {"status", job_statuses}};
inline constexpr Labels by_request = {{"method", methods}, endpoint, {"status", statuses}};
inline constexpr Labels by_route = {{"method", methods}, endpoint};
inline constexpr Labels by_query = {{"query_type", query_types}};
inline constexpr Labels by_cache = {{"cache", caches}};
inline constexpr Labels by_cache_result = {{"cache", caches}, {"result", cache_results}};
inline constexpr Labels by_work_queue = {{"queue", work_queues}};
inline constexpr Labels by_connection_state = {{"state", pool_states}};
inline constexpr Labels by_outcome = {{"outcome", label_outcomes}};
inline constexpr Labels by_lock_wait = {{"result", lock_waits}};
inline constexpr Labels by_event = {{"event_type", event_types}, {"status", event_statuses}};
inline constexpr Labels by_stage = {{"stage", stages}};
inline constexpr Labels by_queue = {{"queue_name", queues}};
inline constexpr Labels by_worker = {{"worker_id", {}, ByConfiguration::worker_id},
                                     {"worker_type", worker_types}};
inline constexpr Labels by_worker_type = {{"worker_type", worker_types}};
inline constexpr Labels by_recognition = {{"result_type", result_types},
                                          {"confidence_bucket", confidence_buckets}};
inline constexpr Labels by_result = {{"result_type", result_types}};
inline constexpr Labels by_trigger = {{"trigger_source", trigger_sources}, {"time_of_day", times_of_day}};
inline constexpr Labels by_hour = {{"hour", hours}};
inline constexpr Labels by_message = {channel, {"type", notification_types}, {"status", outcomes}};
inline constexpr Labels by_attempt = {channel, {"result", attempt_results}};
inline constexpr Labels by_face_refusal = {{"reason", face_refusals}};
inline constexpr Labels by_suppression = {{"reason", suppressions}};
inline constexpr Labels by_error = {
    {"component", components}, {"error_type", error_types}, {"severity", severity_words}};
inline constexpr Labels by_security = {
    {"event_type", security_types}, {"source", security_sources}, {"action_taken", security_actions}};
inline constexpr Labels by_deletion = {{"reason", deletion_reasons}};
inline constexpr Labels by_volume = {{"mount_point", {}, ByConfiguration::machine}, {"role", volume_roles}};
inline constexpr Labels by_gap_cause = {{"cause", gap_causes}};
inline constexpr Labels by_audit_type = {{"event_type", audit_types}};
inline constexpr Labels by_verdict = {{"result", token_verdicts}};
inline constexpr Labels by_account_state = {{"state", account_states}};
inline constexpr Labels by_log_level = {{"level", log_levels}};
inline constexpr Labels by_log_drop = {{"reason", log_drops}};
inline constexpr Labels by_code = {{"code", scrape_codes}};
inline constexpr Labels by_alert = {{"status", alert_statuses}, {"severity", alert_severities}};
inline constexpr Labels by_rejection = {{"reason", rejection_reasons}};
inline constexpr Labels by_mount_point = {{"mount_point", {}, ByConfiguration::machine}};
inline constexpr Labels by_block_device = {{"device", {}, ByConfiguration::machine}};
inline constexpr Labels by_operation = {{"device", {}, ByConfiguration::device},
                                        {"operation", disk_operations}};
inline constexpr Labels by_interface = {{"interface", {}, ByConfiguration::machine}};
inline constexpr Labels by_socket_state = {{"state", socket_states}};
inline constexpr Labels by_core = {{"cpu", {}, ByConfiguration::machine}};
inline constexpr Labels by_window = {{"window", load_windows}};
inline constexpr Labels by_sensor = {{"sensor", {}, ByConfiguration::machine}};
inline constexpr Labels by_throttle = {{"reason", throttle_reasons}};
inline constexpr Labels by_rendering = {{"mode", renderings}};
inline constexpr Labels by_rendering_outcome = {{"mode", renderings}, {"status", rendering_outcomes}};
inline constexpr Labels by_health_check = {{"check", health_checks}};
inline constexpr Labels by_build = {{"version", {}, ByConfiguration::build},
                                    {"revision", {}, ByConfiguration::build},
                                    {"compiler", {}, ByConfiguration::build},
                                    {"arch", {}, ByConfiguration::build}};

}  // namespace porchlight::telemetry::labels
