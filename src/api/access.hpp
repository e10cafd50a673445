// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/store/accounts_store.hpp"

namespace porchlight::api {

// What a token may be used for; a session may everything its role may.
enum class Scope : std::uint8_t { view, ring, manage, metrics, alerts };
std::string_view to_string(Scope scope) noexcept;
std::optional<Scope> scope_of(std::string_view word) noexcept;

// Who may use a route. There is no default: a route without one does not compile, and one that came
// into the table another way does not start.
struct Access {
  enum class Grant : std::uint8_t {
    everyone,       // probes, login, registration
    monitoring,     // loopback, or role monitor or admin
    alerting,       // role monitor or admin, from wherever: Alertmanager by its token
    account,        // whoever has an account, about that account
    role,           // `least` and above; monitor is no part of that order
    control_socket  // commands of this machine only
  };
  // Which parameter of the template decides about the camera.
  enum class Subject : std::uint8_t { none, camera, button };

  Grant grant;
  store::Role least = store::Role::admin;
  Scope scope = Scope::manage;
  Subject subject = Subject::none;
  bool session_only = false;  // not for tokens: what a stolen token must not turn into more
  bool takes_secret = false;  // a password or a code: where nobody listens in, and from our own page only

  static constexpr Access everyone() { return {Grant::everyone}; }
  static constexpr Access monitoring() { return {Grant::monitoring, store::Role::monitor, Scope::metrics}; }
  static constexpr Access alerting() { return {Grant::alerting, store::Role::monitor, Scope::alerts}; }
  static constexpr Access any_account(Scope scope) { return {Grant::account, store::Role::monitor, scope}; }
  static constexpr Access from(store::Role least, Scope scope) { return {Grant::role, least, scope}; }
  static constexpr Access control_socket() { return {Grant::control_socket}; }
  constexpr Access for_camera() const {
    auto made = *this;
    made.subject = Subject::camera;
    return made;
  }
  constexpr Access for_button() const {
    auto made = *this;
    made.subject = Subject::button;
    return made;
  }
  constexpr Access by_session() const {
    auto made = *this;
    made.session_only = true;
    return made;
  }
  constexpr Access with_secret() const {
    auto made = *this;
    made.takes_secret = true;
    return made;
  }
};

// Who asks, as far as the request proves it.
struct Caller {
  enum class Kind : std::uint8_t { nobody, control_socket, session, api_token, scrape_token };
  Kind kind = Kind::nobody;
  std::int64_t user_id = 0;
  std::string name{};
  store::Role role = store::Role::monitor;
  store::CameraRights cameras{};
  std::int64_t session_id = 0;
  std::string csrf_token{};
  std::uint8_t scopes = 0;  // of a token, one bit per Scope
  std::string key{};        // of the session or the API token in the Directory

  bool has(Scope scope) const { return (scopes >> static_cast<unsigned>(scope) & 1U) != 0; }
};

}  // namespace porchlight::api
