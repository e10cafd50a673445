// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "porchlight/event/event.hpp"

namespace porchlight::event {
namespace {

using nlohmann::json;

// Takes the fields one by one and keeps the first fault.
class Reader {
 public:
  explicit Reader(const json& object) : object_(object) {}

  std::string text(const char* key) {
    const auto* found = find(key);
    if (found == nullptr) return {};
    if (found->is_string()) return found->get<std::string>();
    fault(key, "is a text");
    return {};
  }

  double number(const char* key) {
    const auto* found = find(key);
    if (found == nullptr) return 0;
    if (found->is_number()) return found->get<double>();
    fault(key, "is a number");
    return 0;
  }

  std::uint64_t count(const char* key) {
    const auto* found = find(key);
    if (found == nullptr) return 0;
    if (found->is_number_unsigned()) return found->get<std::uint64_t>();
    fault(key, "is a whole number");
    return 0;
  }

  // By the names that to_string() gives; missing: the first.
  template <class Word, std::size_t n>
  Word word(const char* key, const std::array<Word, n>& words) {
    const auto given = text(key);
    if (given.empty()) return words.front();
    const auto found =
        std::find_if(words.begin(), words.end(), [&](Word word) { return to_string(word) == given; });
    if (found != words.end()) return *found;
    fault(key, "is not '" + given + "'");
    return words.front();
  }

  std::optional<EventId> id(const char* key) {
    const auto given = text(key);
    if (given.empty()) return std::nullopt;
    auto id = EventId::parse(given);
    if (!id) fault(key, "is no event's id");
    return id;
  }

  void fault(const char* key, const std::string& what) {
    if (fault_.empty()) fault_ = "read event: '" + std::string(key) + "' " + what;
  }
  const std::string& first_fault() const { return fault_; }

 private:
  const json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }

  const json& object_;
  std::string fault_;
};

constexpr std::array sources{TriggerSource::button_press, TriggerSource::cli,    TriggerSource::api,
                             TriggerSource::mqtt,         TriggerSource::motion, TriggerSource::test,
                             TriggerSource::remote_unit};
constexpr std::array verdicts{Verdict::unknown_person, Verdict::known_person, Verdict::blacklist_match,
                              Verdict::no_face, Verdict::error};
constexpr std::array camera_faults{CameraFault::network, CameraFault::timeout,  CameraFault::eof,
                                   CameraFault::auth,    CameraFault::protocol, CameraFault::stalled};
constexpr std::array button_faults{ButtonFault::chip_lost, ButtonFault::chip_back, ButtonFault::stuck,
                                   ButtonFault::released, ButtonFault::lost_edges};

Header header_from(Reader& from, const Header& otherwise) {
  auto header = otherwise;
  if (const auto id = from.id("id")) header.id = *id;
  const auto time = from.text("time");
  if (time.empty()) return header;
  if (const auto at = parse_rfc3339(time))
    header.at = *at;
  else
    from.fault("time", "is a time as in 2025-01-29T04:20:12Z");
  return header;
}

Sighting sighting_from(Reader& from, const Header& header) {
  Sighting sighting;
  sighting.header = header;
  sighting.camera_id = from.text("camera");
  sighting.verdict = from.word("result", verdicts);
  sighting.person = from.text("person");
  sighting.confidence = from.number("confidence");
  sighting.distance = from.number("distance");
  sighting.model_version = from.text("model_version");
  sighting.track = from.count("track");
  sighting.ring_id = from.id("ring_id");
  return sighting;
}

Alert alert_from(Reader& from, const Header& header) {
  Alert alert;
  alert.header = header;
  alert.name = from.text("alert");
  alert.severity = from.text("severity");
  const auto status = from.text("status");
  if (!status.empty() && status != "firing" && status != "resolved")
    from.fault("status", "is firing or resolved");
  alert.firing = status != "resolved";
  alert.summary = from.text("summary");
  alert.fingerprint = from.text("fingerprint");
  alert.camera_id = from.text("camera");
  return alert;
}

Event event_from(const std::string& type, Reader& from, const Header& header) {
  if (type == "ring")
    return Ring{header, from.text("button"), from.text("camera"), from.word("trigger_source", sources)};
  if (type == "sighting") return sighting_from(from, header);
  if (type == "camera_lost")
    return CameraLost{header, from.text("camera"), from.word("fault", camera_faults)};
  if (type == "camera_back") return CameraBack{header, from.text("camera"), from.number("lost_seconds")};
  if (type == "button_trouble")
    return ButtonTrouble{header, from.text("button"), from.word("fault", button_faults),
                         static_cast<std::uint32_t>(from.count("lost_edges"))};
  if (type == "security")
    return Security{header,
                    from.text("kind"),
                    from.text("source"),
                    from.text("action"),
                    from.text("camera"),
                    from.text("person")};
  if (type == "alert") return alert_from(from, header);
  from.fault("type", type.empty() ? "is missing" : "is not '" + type + "'");
  return Ring{};
}

}  // namespace

Result<Event> from_json(std::string_view text, const Header& header) {
  const auto object = json::parse(text, nullptr, false);
  if (!object.is_object()) return Error(ErrorCode::invalid_argument, "read event: it is no JSON object");
  Reader from(object);
  const auto own = header_from(from, header);
  auto event = event_from(from.text("type"), from, own);
  if (!from.first_fault().empty()) return Error(ErrorCode::invalid_argument, from.first_fault());
  return event;
}

}  // namespace porchlight::event
