// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

namespace porchlight::api::paths {

// The route templates: the closed set of the `endpoint` label is made of these.
inline constexpr const char* page = "/";
inline constexpr const char* page_asset = "/assets/{file}";
inline constexpr const char* runbook = "/runbooks/{name}";
inline constexpr const char* metrics = "/metrics";
inline constexpr const char* health = "/health";
inline constexpr const char* live = "/health/live";
inline constexpr const char* ready = "/health/ready";
inline constexpr const char* startup = "/health/startup";
inline constexpr const char* deep_health = "/health/deep";
inline constexpr const char* authority = "/ca.crt";
inline constexpr const char* ring = "/api/v1/buttons/{id}/ring";
inline constexpr const char* output_open = "/api/v1/outputs/{id}/open";
inline constexpr const char* output_test = "/api/v1/outputs/{id}/test";
inline constexpr const char* status = "/api/v1/status";
inline constexpr const char* reload = "/api/v1/reload";
inline constexpr const char* openapi = "/api/v1/openapi.json";
inline constexpr const char* faces_reload = "/api/v1/faces/reload";
inline constexpr const char* outbox_resend = "/api/v1/outbox/resend";

inline constexpr const char* accounts_reload = "/api/v1/accounts/reload";
inline constexpr const char* login = "/api/v1/auth/login";
inline constexpr const char* logout = "/api/v1/auth/logout";
inline constexpr const char* registration = "/api/v1/auth/register";
inline constexpr const char* password = "/api/v1/auth/password";
inline constexpr const char* session = "/api/v1/auth/session";
inline constexpr const char* sessions = "/api/v1/auth/sessions";
inline constexpr const char* session_by_id = "/api/v1/auth/sessions/{id}";
inline constexpr const char* totp = "/api/v1/auth/totp";
inline constexpr const char* totp_confirm = "/api/v1/auth/totp/confirm";
inline constexpr const char* totp_disable = "/api/v1/auth/totp/disable";
inline constexpr const char* users = "/api/v1/users";
inline constexpr const char* user = "/api/v1/users/{id}";
inline constexpr const char* tokens = "/api/v1/tokens";
inline constexpr const char* token = "/api/v1/tokens/{id}";

inline constexpr const char* events = "/api/v1/events";
inline constexpr const char* event_stream = "/api/v1/events/stream";
inline constexpr const char* event = "/api/v1/events/{id}";
inline constexpr const char* event_snapshot = "/api/v1/events/{id}/snapshot";
inline constexpr const char* acknowledge = "/api/v1/events/{id}/acknowledge";
inline constexpr const char* event_identity = "/api/v1/events/{id}/identity";
inline constexpr const char* link = "/l/{token}";
inline constexpr const char* link_snapshot = "/l/{token}/snapshot";
inline constexpr const char* alerts_webhook = "/api/v1/alerts/webhook";
inline constexpr const char* websocket = "/ws";
inline constexpr const char* cameras = "/api/v1/cameras";
inline constexpr const char* camera = "/api/v1/cameras/{id}";
inline constexpr const char* camera_snapshot = "/api/v1/cameras/{id}/snapshot";
inline constexpr const char* camera_live = "/api/v1/cameras/{id}/live";
inline constexpr const char* camera_mjpeg = "/api/v1/cameras/{id}/mjpeg";
inline constexpr const char* camera_hls = "/hls/{camera}/{file}";

inline constexpr const char* event_clip = "/api/v1/events/{id}/clip";
inline constexpr const char* recordings = "/api/v1/recordings";
inline constexpr const char* recording = "/api/v1/recordings/{id}";
inline constexpr const char* recording_video = "/api/v1/recordings/{id}/video";
inline constexpr const char* recording_thumbnail = "/api/v1/recordings/{id}/thumbnail";
inline constexpr const char* recording_protection = "/api/v1/recordings/{id}/protection";
inline constexpr const char* footage_ledger = "/api/v1/footage/ledger";
inline constexpr const char* footage_video = "/api/v1/footage/video";

inline constexpr const char* people = "/api/v1/people";
inline constexpr const char* person = "/api/v1/people/{id}";
inline constexpr const char* faces = "/api/v1/faces";
inline constexpr const char* face = "/api/v1/faces/{id}";
inline constexpr const char* identify = "/api/v1/faces/identify";
inline constexpr const char* audit = "/api/v1/audit";
inline constexpr const char* audit_verify = "/api/v1/audit/verify";
inline constexpr const char* logs = "/api/v1/logs";
inline constexpr const char* log_levels = "/api/v1/logs/levels";

inline constexpr const char* settings = "/api/v1/settings";
inline constexpr const char* settings_entry = "/api/v1/settings/{section}/{id}";
inline constexpr const char* camera_trial = "/api/v1/settings/cameras/trial";
inline constexpr const char* channel_trial = "/api/v1/settings/channels/{id}/test";
inline constexpr const char* rule_trial = "/api/v1/settings/rules/trial";

inline constexpr std::array all = {
    page,
    page_asset,
    runbook,
    metrics,
    health,
    live,
    ready,
    startup,
    deep_health,
    ring,
    status,
    reload,
    faces_reload,
    accounts_reload,
    login,
    logout,
    registration,
    password,
    session,
    sessions,
    session_by_id,
    totp,
    totp_confirm,
    totp_disable,
    users,
    user,
    tokens,
    token,
    events,
    event,
    event_stream,
    event_snapshot,
    websocket,
    cameras,
    camera,
    camera_snapshot,
    camera_live,
    camera_mjpeg,
    camera_hls,
    authority,
    people,
    person,
    faces,
    face,
    identify,
    audit,
    audit_verify,
    logs,
    log_levels,
    openapi,
    acknowledge,
    event_identity,
    link,
    link_snapshot,
    alerts_webhook,
    outbox_resend,
    output_open,
    output_test,
    event_clip,
    recordings,
    recording,
    recording_video,
    recording_thumbnail,
    recording_protection,
    footage_ledger,
    footage_video,
    settings,
    settings_entry,
    camera_trial,
    channel_trial,
    rule_trial,
};

// docs/metrics.md says how much a route costs in series, and what bounds all of them.
inline constexpr std::size_t most_routes = 80;
static_assert(all.size() <= most_routes);

}  // namespace porchlight::api::paths
