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

  // Texts; what else the list holds is a fault.
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> texts;
    for (const auto& item : list(key)) {
      if (item.is_string())
        texts.push_back(item.get<std::string>());
      else
        fault(key, "is a list of texts");
    }
    return texts;
  }

  std::optional<WallTime> time(const char* key) {
    const auto given = text(key);
    if (given.empty()) return std::nullopt;
    auto at = parse_rfc3339(given);
    if (!at) fault(key, "is a time as in 2025-01-29T04:20:12Z");
    return at;
  }

  std::vector<MotionStep> track(const char* key) {
    std::vector<MotionStep> steps;
    for (const auto& item : list(key)) {
      const auto step = step_of(item);
      if (!step) {
        fault(key, "is a list of {at_ms, box: [x, y, width, height]}");
        break;
      }
      steps.push_back(*step);
    }
    return steps;
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

  // The same, where there may be none.
  template <class Word, std::size_t n>
  std::optional<Word> word_if_any(const char* key, const std::array<Word, n>& words) {
    if (text(key).empty()) return std::nullopt;
    return word(key, words);
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
  json list(const char* key) {
    const auto* found = find(key);
    if (found == nullptr) return json::array();
    if (found->is_array()) return *found;
    fault(key, "is a list");
    return json::array();
  }

  static std::optional<MotionStep> step_of(const json& item) {
    if (!item.is_object()) return std::nullopt;
    const auto at = item.find("at_ms"), box = item.find("box");
    if (at == item.end() || !at->is_number_unsigned() || box == item.end() || !box->is_array() ||
        box->size() != 4 ||
        !std::all_of(box->begin(), box->end(), [](const json& part) { return part.is_number(); }))
      return std::nullopt;
    return MotionStep{std::chrono::milliseconds(at->get<std::int64_t>()), (*box)[0].get<double>(),
                      (*box)[1].get<double>(), (*box)[2].get<double>(), (*box)[3].get<double>()};
  }

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
  header.at = from.time("time").value_or(header.at);
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
  sighting.refused = from.word_if_any("refused", refusals);
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

Motion motion_from(Reader& from, const Header& header) {
  Motion motion;
  motion.header = header;
  motion.camera_id = from.text("camera");
  motion.ended = from.time("end");
  const auto ids = from.texts("zones"), names = from.texts("zone_names");
  for (std::size_t i = 0; i < ids.size(); ++i)
    motion.zones.push_back({ids[i], i < names.size() ? names[i] : ids[i]});
  motion.track = from.track("track");
  return motion;
}

FootageGap gap_from(Reader& from, const Header& header) {
  FootageGap gap;
  gap.header = header;
  gap.camera_id = from.text("camera");
  gap.cause = from.word_if_any("cause", gap_causes).value_or(GapCause::network);
  gap.ended = from.time("end");
  gap.seconds = from.number("seconds");
  gap.detail = from.text("detail");
  return gap;
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
  if (type == "motion") return motion_from(from, header);
  if (type == "gap") return gap_from(from, header);
  if (type == "disk")
    return DiskTrouble{header, from.text("folder"),
                       from.word_if_any("fault", disk_faults).value_or(DiskFault::error),
                       from.text("detail")};
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
