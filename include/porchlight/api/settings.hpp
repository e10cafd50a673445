// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/api/accounts.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::api {

// What is wrong with one key of what was sent; no key: with the configuration as a whole.
struct KeyFault {
  std::string key;
  std::string message;
};

// An entry of the page's file is to become this, or to go.
struct SettingsChange {
  std::string section;                    // cameras, buttons, channels, rules
  std::string id;                         // [a-z0-9_]+
  std::optional<std::string> keys;        // a JSON object; nothing: the entry goes
  AuditRecord record{};                   // who asks, for the trail
  std::optional<std::string> if_match{};  // as the header says; nothing: whatever they are by now
};

// The settings as they are shown, and the word for what they are at that moment (settings_revision.hpp).
struct SettingsShown {
  std::string json;  // one object
  std::string revision;
};

// What became of it. Only `applied` changed anything.
struct SettingsOutcome {
  enum class Kind { applied, not_found, conflict, stale, faulty, unavailable };
  Kind kind = Kind::applied;
  std::string detail{};
  std::vector<KeyFault> faults{};
  std::vector<std::string> applied{}, restarted{}, needs_restart{}, warnings{};  // as of a reload
  std::string revision{};  // applied: of the settings with the change
};

// A camera as it is tried: its first picture, or why there is none.
struct CameraTrialOutcome {
  std::string reason{};  // empty: there is a picture; else a word of docs/settings.md
  std::string detail{};
  std::vector<KeyFault> faults{};
  std::string codec{};
  int width = 0;  // pixels, of the stream
  int height = 0;
  std::chrono::milliseconds took{};
  std::string picture{};  // JPEG, at most 640 pixels wide
};

struct ChannelTrialOutcome {
  bool delivered = false;
  std::string reason{};  // why not
  std::chrono::milliseconds took{};
};

struct RuleTrial {
  std::vector<std::string> event;  // the short form of `notify dry-run`
  std::optional<WallTime> at;
};

// What the settings page asks of the house; `app` binds it. Called on the listener's thread, must return at
// once; the answer comes once, from any thread. ErrorCode::resource: too many ask, or one is being tried.
struct SettingsPorts {
  template <class T>
  using Answer = std::function<void(Result<T>)>;
  std::function<void(Answer<SettingsShown>)> show{};
  std::function<void(SettingsChange, Answer<SettingsOutcome>)> change{};
  std::function<void(std::string keys, Answer<CameraTrialOutcome>)> try_camera{};
  // Beside ErrorCode::resource: not_found; unsupported: a channel that cannot be tried; unavailable: it
  // cannot be recorded, so nothing was sent. `record`: who asks.
  std::function<void(std::string id, AuditRecord record, Answer<ChannelTrialOutcome>)> try_channel{};
  // One JSON object; ErrorCode::invalid_argument says what would be right.
  std::function<void(RuleTrial, Answer<std::string>)> try_rules{};
};

}  // namespace porchlight::api
