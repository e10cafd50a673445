// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/event/gap_cause.hpp"
#include "porchlight/event/id.hpp"
#include "porchlight/event/refusal.hpp"

namespace porchlight::event {

// What every event carries, by value.
struct Header {
  EventId id;
  WallTime at{};         // when it happened, for people
  MonotonicTime edge{};  // the same instant on CLOCK_MONOTONIC; latency is measured from here
  TraceContext trace;
  std::string request_id{};      // of the request that caused it, for the log; not stored; empty: none did
  std::string correlation_id{};  // likewise; empty: as request_id
};
// Of what no request caused, the event's own id: one for all that follows from it.
std::string request_of(const Header& header);

Header make_header(const Clock& clock);

// `trigger_source` of doorbell_triggers_total. remote_unit is reserved.
enum class TriggerSource : std::uint8_t { button_press, cli, api, mqtt, motion, test, remote_unit };

// Someone asks to be let in.
struct Ring {
  Header header;
  std::string button_id;
  std::string camera_id;  // empty when the button has none
  TriggerSource source = TriggerSource::button_press;
};

enum class Verdict : std::uint8_t { known_person, unknown_person, blacklist_match, no_face, error };

// Who was seen, once per visit; and once more under `ring_id` when a ring waits for the answer.
struct Sighting {
  Header header;
  std::string camera_id;
  Verdict verdict = Verdict::unknown_person;
  std::string person;     // empty unless known or blacklisted
  double confidence = 0;  // 0…1, see docs/faces.md for the mapping from distance
  double distance = 0;    // Euclidean distance of the embeddings; smaller is nearer
  std::string model_version;
  std::uint64_t track = 0;  // the visit's track number on this camera
  std::optional<EventId> ring_id;
  // Why the face was compared with nobody; only with unknown_person, and too_small with no_face.
  std::optional<Refusal> refused{};
};

// One fault, three vocabularies: see docs/cameras.md for the mapping table.
enum class CameraFault : std::uint8_t { timeout, eof, auth, network, protocol, stalled };

struct CameraLost {
  Header header;
  std::string camera_id;
  CameraFault fault = CameraFault::network;
};

struct CameraBack {
  Header header;
  std::string camera_id;
  double lost_seconds = 0;
};

enum class ButtonFault : std::uint8_t { chip_lost, chip_back, stuck, released, lost_edges };

// A button's hardware, not a ring.
struct ButtonTrouble {
  Header header;
  std::string button_id;
  ButtonFault fault = ButtonFault::chip_lost;
  std::uint32_t lost_edges = 0;  // only for lost_edges
};

// Labels as security_events_total has them.
struct Security {
  Header header;
  std::string kind;    // event_type: blacklist_match, tamper, …
  std::string source;  // face_recognition, hardware, …
  std::string action;  // alert_sent, blocked, logged, …
  std::string camera_id;
  std::string person;
};

// What Alertmanager tells about the system. `fingerprint` names the alert over its whole life.
struct Alert {
  Header header;
  std::string name;      // label alertname
  std::string severity;  // critical, high, warning, medium, low, info
  bool firing = true;    // false: resolved
  std::string summary;   // annotation, may be empty
  std::string fingerprint;
  std::string camera_id;  // label camera_id, empty when there is none
};

// Where what moves was: its box in parts of the picture's width and height.
struct MotionStep {
  std::chrono::milliseconds at{0};  // since the motion's start
  double x = 0;                     // left, 0…1
  double y = 0;                     // top
  double width = 0;
  double height = 0;
};

// A part of the picture that the configuration names.
struct MotionZone {
  std::string id;
  std::string name;
};

// Something moves before a camera. Told when it is sure, without `ended`; the same event again, complete,
// when nothing has moved for some seconds. The header's time is that of the first picture that showed it.
struct Motion {
  Header header;
  std::string camera_id;
  std::optional<WallTime> ended;  // when it last moved
  std::vector<MotionZone> zones;  // in which it was so far
  std::vector<MotionStep> track;  // the largest of what moved, at most 16
};

// Time of a camera that should have been recorded and was not. Told when it has lasted a while, without
// `ended`; the same event again, complete, when pictures are kept again. One that is over by then is told
// once. The header's time is that of the gap's begin: the end of the last picture that was kept.
struct FootageGap {
  Header header;
  std::string camera_id;
  GapCause cause = GapCause::network;
  std::optional<WallTime> ended;
  double seconds = 0;  // so far, or in all
  std::string detail;  // for people; may be empty
};

// What became of the folder in which footage lies. With all but almost_full, damaged_index and back nothing
// can be recorded.
enum class DiskFault : std::uint8_t {
  full,           // and nothing that may be deleted
  almost_full,    // protected footage leaves too little for the rest
  read_only,      // mounted, or remounted after an error, without the right to write
  missing,        // not mounted, or the folder is gone
  wrong_volume,   // another one than the index knows
  error,          // a write or a sync failed
  damaged_index,  // the index was made anew from the files
  back            // what was said last is over
};
inline constexpr std::array disk_faults{
    DiskFault::full,         DiskFault::almost_full, DiskFault::read_only,     DiskFault::missing,
    DiskFault::wrong_volume, DiskFault::error,       DiskFault::damaged_index, DiskFault::back};

struct DiskTrouble {
  Header header;
  std::string folder;
  DiskFault fault = DiskFault::error;
  std::string detail;  // for people: what the system said; may be empty
};

using Event = std::variant<Ring, Sighting, CameraLost, CameraBack, ButtonTrouble, Security, Alert, Motion,
                           FootageGap, DiskTrouble>;

const Header& header_of(const Event& event);
// The name in the event log and in messages: ring, sighting, camera_lost, camera_back,
// button_trouble, security, alert, motion, gap, disk.
std::string_view type_of(const Event& event) noexcept;
std::string camera_of(const Event& event);

std::string_view to_string(TriggerSource source) noexcept;
std::string_view to_string(Verdict verdict) noexcept;
std::string_view to_string(CameraFault fault) noexcept;
std::string_view to_string(ButtonFault fault) noexcept;
std::string_view to_string(DiskFault fault) noexcept;
// Whether nothing is recorded because of it.
bool stops_recording(DiskFault fault) noexcept;

// The event as one JSON object: id, type, time (RFC 3339), trace_id and its own fields. This is what
// the event log stores and what webhooks send; documented in docs/events.md.
std::string to_json(const Event& event);

// Reads what to_json() writes. `id` and `time` are those of `header` when they are missing; edge and trace
// always. Any other field that is missing is empty or 0; one that is not of its kind is
// ErrorCode::invalid_argument, and named. Fields that the type does not have are not looked at.
Result<Event> from_json(std::string_view text, const Header& header);

}  // namespace porchlight::event
