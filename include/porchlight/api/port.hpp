// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/api/settings.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/http/message.hpp"
#include "porchlight/notify/words.hpp"
#include "porchlight/store/acknowledgements.hpp"
#include "porchlight/store/alert_log.hpp"
#include "porchlight/store/recognition_labels.hpp"

namespace porchlight::api {

struct RingOrder {
  std::string button_id;
  event::TriggerSource source = event::TriggerSource::cli;
  event::TraceContext trace;
  http::Peer peer;
};

// The ring's event is committed.
struct RingAccepted {
  event::EventId id;
  std::string camera_id;  // empty when the button has none
};

// What the deep health checks found.
struct DeepHealthReport {
  bool unhealthy = false;
  std::string body;  // one JSON object
};

// What a reload did, as lists of configuration paths; with faults nothing was applied.
struct ReloadReport {
  std::vector<std::string> faults;         // porchlight.yaml:14:5: …
  std::vector<std::string> applied;        // took effect at once
  std::vector<std::string> restarted;      // workers that were rebuilt
  std::vector<std::string> needs_restart;  // read, but only the next start of the daemon takes them
  std::vector<std::string> warnings{};     // wrong, and worked around
};

struct CameraCondition {
  std::string id;
  std::string name;
  std::string state;  // `status` of camera_connection_state
};

struct OutputCondition {
  std::string id;
  bool is_door = false;
  bool for_users = false;  // a door that not only administrators may open
};

// Dead letters that are to be sent again. Nothing given: all of them.
struct ResendOrder {
  std::optional<event::EventId> event_id;
  std::optional<std::uint32_t> sequence;
  std::string channel_id;
  std::optional<WallTime> settled_by;  // only what had failed or expired by then
  http::Peer peer;
};
struct ResendReport {
  std::uint64_t messages = 0;
  std::uint64_t without_channel = 0;  // their channel is not configured any more; they stay dead letters
  bool more = false;                  // there are more than are taken at once
};

using CameraList = std::function<std::vector<CameraCondition>()>;  // listener's thread

using OutputList = std::function<std::vector<OutputCondition>()>;  // listener's thread
// One pulse of an output. Any thread, does not wait; the answer comes once, from any thread, when the line is
// on or could not be written. After `not_after` nothing is switched on any more: the answer is `timeout`.
struct PulseOrder {
  std::string id;
  MonotonicTime not_after{};
};
using OutputPulse = std::function<void(const PulseOrder&, std::function<void(Status)>)>;

template <class T>
using Answer = std::function<void(Result<T>)>;  // exactly once, from any thread

// Somebody answers an event; the messages that it makes are on their way when the Answer comes. Any thread.
using EventAnswerPort = std::function<void(store::EventAnswer, Answer<store::AnswerOutcome>)>;

// Somebody says who was seen. Any thread; the Answer comes from the store lane's, which it must not hold up.
// By the Error's code as store::RecognitionLabels::put(); others: it could not be written.
using IdentityPort = std::function<void(store::IdentityClaim, Answer<store::RecognitionLabel>)>;

// What the routes need of the rest of the house; `app` binds it. All members are called on the
// listener's thread and must return at once: work goes elsewhere and comes back through the Answer.
struct Port {
  std::function<std::vector<std::string>()> buttons;                // ids, for look-up and suggestion
  std::function<std::string(const std::string&)> camera_of_button;  // empty: none, or no such button
  std::function<void(RingOrder, Answer<RingAccepted>)> ring;        // answers after the commit
  std::function<std::vector<CameraCondition>()> cameras;
  std::function<std::string()> status;  // one JSON object
  std::function<void(const http::Peer& asker, Answer<ReloadReport>)> reload;
  std::function<void(Answer<std::size_t>)> faces_changed;  // answers the number of people
  std::function<void(ResendOrder, Answer<ResendReport>)> resend{};
  std::function<std::string()> authority{};  // certificate of our own authority, PEM; empty: none is in use
  std::string link_key{};                    // what messages' links are signed with; empty: there are none
  // Of a configured channel; nothing: there is none of that id.
  std::function<std::optional<notify::Language>(const std::string&)> language_of_channel{};
  EventAnswerPort answer_event{};
  IdentityPort label_event{};
  // Answers how many of them were new, when their events are committed.
  std::function<void(std::vector<store::ReceivedAlert>, Answer<std::size_t>)> take_alerts{};
  // Where the page's files may lie; the first that has them counts.
  std::vector<std::filesystem::path> page_places{};
  std::vector<std::filesystem::path> runbook_places{};  // likewise
  OutputList outputs{};
  OutputPulse pulse{};
  SettingsPorts settings{};
  // Both listeners' threads. Answers from another thread, perhaps after a minute.
  std::function<void(Answer<DeepHealthReport>)> deep_health{};
};

}  // namespace porchlight::api
