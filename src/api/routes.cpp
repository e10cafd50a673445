// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/routes.hpp"

#include "api/account_routes.hpp"
#include "api/alert_route.hpp"
#include "api/authority_route.hpp"
#include "api/control_routes.hpp"
#include "api/footage_routes.hpp"
#include "api/guard.hpp"
#include "api/health_routes.hpp"
#include "api/identity_route.hpp"
#include "api/link_routes.hpp"
#include "api/log_levels_route.hpp"
#include "api/log_route.hpp"
#include "api/look_routes.hpp"
#include "api/metrics_route.hpp"
#include "api/openapi_route.hpp"
#include "api/output_routes.hpp"
#include "api/page_route.hpp"
#include "api/paths.hpp"
#include "api/people_routes.hpp"
#include "api/route_table.hpp"
#include "api/runbook_route.hpp"
#include "api/settings_routes.hpp"

namespace porchlight::api {

std::vector<std::string> endpoints() {
  return {paths::all.begin(), paths::all.end()};
}

Guard route_table(Port port, telemetry::Metrics& metrics, telemetry::Health& health, Accounts& accounts,
                  Library& library, People& people) {
  auto& state = accounts.state();
  Guard guard(state, port.camera_of_button);
  const auto cameras = port.cameras;
  add_page_routes(guard, port.page_places);
  add_runbook_route(guard, port.runbook_places);
  add_metrics_route(guard, metrics, state.clock);
  add_health_routes(guard, health);
  add_deep_health_route(guard, port.deep_health);
  add_authority_route(guard, port.authority);
  add_stream_routes(guard, library.state());  // before events/{id}: the first that fits is taken
  add_event_routes(guard, library.state());
  add_recording_routes(guard, library.state());
  add_protection_routes(guard, library.state());
  add_ledger_route(guard, library.state());
  add_clip_routes(guard, library.state());
  add_live_route(guard, library.state(), port.cameras);
  add_mjpeg_route(guard, library.state(), port.cameras);
  add_hls_route(guard, library.state(), port.cameras);
  add_camera_routes(guard, library.state(), port.cameras);
  add_openapi_route(guard);
  add_link_routes(guard, library.state(), port);
  add_acknowledge_route(guard, library.state(), port);
  add_identity_route(guard, library.state(), port);
  add_alert_route(guard, library.state(), port, metrics);
  add_output_routes(guard, state, port);
  add_settings_routes(guard, library.state().looks, port.settings);
  add_control_routes(guard, std::move(port), library.state().looks);
  add_auth_routes(guard, state);
  add_registration_routes(guard, state);
  add_totp_routes(guard, state);
  add_user_routes(guard, state, cameras);
  add_token_routes(guard, state);
  add_accounts_control(guard, state);
  add_people_routes(guard, people.state());
  add_face_routes(guard, people.state());
  add_audit_routes(guard, library.state());
  add_log_route(guard, library.state().looks);
  add_log_levels_routes(guard, library.state());
  return guard;
}

http::Router routes(Port port, telemetry::Metrics& metrics, telemetry::Health& health, Accounts& accounts,
                    Library& library, People& people) {
  return route_table(std::move(port), metrics, health, accounts, library, people).router();
}

}  // namespace porchlight::api
