// SPDX-License-Identifier: Apache-2.0
// The values of the catalogue's labels, and the bounds of its buckets.
#pragma once

#include <string_view>

namespace porchlight::telemetry::words {

using Words = std::string_view[];

// Closed sets of label values.
inline constexpr Words methods = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"};
inline constexpr Words statuses = {"101", "200", "201", "202", "204", "206", "301", "303",
                                   "304", "308", "400", "401", "403", "404", "405", "406",
                                   "408", "409", "410", "411", "412", "413", "415", "416",
                                   "422", "429", "431", "500", "501", "502", "503", "504"};
inline constexpr Words query_types = {"select",      "insert", "update",     "delete",
                                      "transaction", "schema", "maintenance"};
inline constexpr Words caches = {"session", "rate_limit", "face_embeddings", "thumbnail"};
inline constexpr Words cache_results = {"hit", "miss"};
inline constexpr Words work_queues = {"export", "upload", "retention", "maintenance", "default"};
inline constexpr Words pool_states = {"active", "idle"};
inline constexpr Words label_outcomes = {"true_positive", "false_positive", "false_negative",
                                         "true_negative"};
inline constexpr Words lock_waits = {"acquired", "timeout", "deadlock"};
inline constexpr Words connection_states = {"connected", "connecting",     "auth_failed", "unreachable",
                                            "stalled",   "protocol_error", "disabled"};
inline constexpr Words reconnect_reasons = {"timeout", "eof", "auth", "network", "protocol", "operator"};
inline constexpr Words event_types = {"doorbell_press", "motion", "face",   "object", "lpr",
                                      "package",        "audio",  "tamper", "system"};
inline constexpr Words event_statuses = {"success", "failure", "dropped"};
inline constexpr Words stages = {"frame_capture",    "motion_detection", "face_detection", "recognition",
                                 "event_processing", "recording",        "notification"};
inline constexpr Words queues = {"frame_capture",
                                 "motion_detection",
                                 "face_detection",
                                 "recognition",
                                 "event_processing",
                                 "recording",
                                 "notification",
                                 "button",
                                 "output",
                                 "viewer",
                                 "log"};
inline constexpr Words worker_types = {"ingest",   "detector", "recognizer", "event",  "recorder",
                                       "notifier", "button",   "output",     "motion", "decoder",
                                       "streamer", "http",     "sampler",    "sync"};
inline constexpr Words result_types = {"known_person", "unknown_person", "blacklist_match", "no_face",
                                       "error"};
inline constexpr Words confidence_buckets = {"high", "medium", "low", "very_low"};
inline constexpr Words trigger_sources = {"button_press", "cli",  "api",        "mqtt",
                                          "motion",       "test", "remote_unit"};
inline constexpr Words times_of_day = {"morning", "afternoon", "evening", "night"};
inline constexpr Words hours = {"00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11",
                                "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23"};
inline constexpr Words notification_types = {"doorbell_press",  "face_recognized", "unknown_person",
                                             "blacklist_match", "motion",          "package",
                                             "plate",           "system_alert",    "test"};
inline constexpr Words face_refusals = {"too_small", "blurred", "turned", "dark", "bright", "cut_by_border"};
inline constexpr Words suppressions = {"schedule", "quiet", "grouped", "cooldown", "excluded", "rate"};
inline constexpr Words outcomes = {"success", "failure"};
inline constexpr Words attempt_results = {"delivered", "retry", "rejected"};
inline constexpr Words components = {"ingest",    "detector", "face_detector", "recognizer", "recorder",
                                     "streaming", "api",      "auth",          "database",   "notifier",
                                     "storage",   "hardware", "config",        "tracing"};
inline constexpr Words error_types = {"timeout",    "io",       "network", "decode",
                                      "validation", "resource", "auth",    "internal"};
inline constexpr Words severity_words = {"warning", "error", "critical"};
inline constexpr Words security_types = {
    "blacklist_match",         "failed_login",      "account_lockout",
    "unauthorized_access",     "token_violation",   "privilege_escalation",
    "injection_attempt",       "malformed_request", "tamper",
    "audit_integrity_failure", "config_change",     "erasure_request"};
inline constexpr Words security_sources = {"face_recognition", "auth", "api", "hardware", "audit", "config"};
inline constexpr Words security_actions = {"alert_sent", "blocked", "locked", "logged", "none"};
inline constexpr Words audit_types = {"authentication",    "authorization",  "data_access",
                                      "data_modification", "security_event", "system_change",
                                      "face_recognition",  "notification"};
inline constexpr Words token_verdicts = {"valid",     "expired", "not_yet_valid", "bad_signature",
                                         "malformed", "revoked", "wrong_audience"};
inline constexpr Words account_states = {"active", "locked", "disabled"};
inline constexpr Words log_levels = {"debug", "info", "warning", "error", "critical"};
inline constexpr Words log_drops = {"sampled", "queue_full", "rate_limited", "write_error"};
inline constexpr Words rejection_reasons = {"malformed",    "too_large",        "injection_suspected",
                                            "rate_limited", "bad_content_type", "path_traversal",
                                            "timeout"};
inline constexpr Words alert_statuses = {"firing", "resolved"};
inline constexpr Words alert_severities = {"critical", "high", "warning", "medium", "low", "info"};
inline constexpr Words deletion_reasons = {"age", "space", "operator", "corrupt", "erasure_request"};
inline constexpr Words volume_roles = {"recordings"};
inline constexpr Words protocols = {"webrtc", "hls", "rtsp", "mjpeg", "mse"};
inline constexpr Words view_protocols = {"webrtc", "hls", "mse"};
inline constexpr Words qualities = {"main", "sub", "transcoded"};
// As event::gap_causes.
inline constexpr Words gap_causes = {"timeout",   "eof",          "auth",        "network",       "protocol",
                                     "stalled",   "lost_packets", "undecodable", "codec",         "overload",
                                     "disk_full", "disk_error",   "volume",      "configuration", "stopped",
                                     "crash",     "power_cut",    "damaged"};
inline constexpr Words disk_operations = {"read", "write", "sync"};
inline constexpr Words socket_states = {"established", "listen", "time_wait", "close_wait", "other"};
inline constexpr Words load_windows = {"1m", "5m", "15m"};
inline constexpr Words throttle_reasons = {"under_voltage", "frequency_capped", "throttled",
                                           "soft_temp_limit"};
inline constexpr Words job_types = {"motion", "object", "face", "lpr", "package", "audio"};
inline constexpr Words job_statuses = {"success", "failure", "timeout", "dropped"};
inline constexpr Words backends = {"cpu", "ncnn", "onnxruntime", "accelerator"};
inline constexpr Words renderings = {"clip", "timelapse", "export", "thumbnail"};
inline constexpr Words rendering_outcomes = {"success", "failure", "cancelled"};
inline constexpr Words scrape_codes = {"200", "401", "406", "429", "500", "503"};
inline constexpr Words health_checks = {"database", "cache",    "storage",       "model", "memory", "gpu",
                                        "cameras",  "pipeline", "notifications", "audit", "time"};

// Bucket bounds.
inline constexpr double http_bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10};
inline constexpr double query_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                          0.05,   0.1,   0.25,   0.5,   1,    2.5};
inline constexpr double stage_bounds[] = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
inline constexpr double inference_bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6};
inline constexpr double ratio_bounds[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1};
inline constexpr double ring_bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75,
                                         1,     1.5,    2,     3,    5,     8,    13,  30,   60};
inline constexpr double view_bounds[] = {0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 13, 30, 60};
inline constexpr double latency_bounds[] = {0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 4, 8, 16};
inline constexpr double disk_bounds_ms[] = {1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500};
inline constexpr double chime_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1};
inline constexpr double account_bounds[] = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
inline constexpr double rendering_bounds[] = {0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600};
inline constexpr double health_bounds[] = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
inline constexpr double scrape_bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25};

}  // namespace porchlight::telemetry::words
