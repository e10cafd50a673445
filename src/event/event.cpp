// SPDX-License-Identifier: Apache-2.0
#include "porchlight/event/event.hpp"

#include <nlohmann/json.hpp>

#include "porchlight/base/overloaded.hpp"

namespace porchlight::event {
namespace {

using nlohmann::json;

void put_unless_empty(json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

json fields_of(const Ring& ring) {
  json object{{"button", ring.button_id}, {"trigger_source", to_string(ring.source)}};
  put_unless_empty(object, "camera", ring.camera_id);
  return object;
}

json fields_of(const Sighting& sighting) {
  json object{{"camera", sighting.camera_id}, {"result", to_string(sighting.verdict)}};
  put_unless_empty(object, "person", sighting.person);
  put_unless_empty(object, "model_version", sighting.model_version);
  if (sighting.verdict != Verdict::no_face && sighting.verdict != Verdict::error) {
    object["confidence"] = sighting.confidence;
    if (!sighting.refused) object["distance"] = sighting.distance;  // else there is nothing to compare
    object["track"] = sighting.track;
  }
  if (sighting.refused) object["refused"] = to_string(*sighting.refused);
  if (sighting.ring_id) object["ring_id"] = sighting.ring_id->text();
  return object;
}

json fields_of(const CameraLost& lost) {
  return {{"camera", lost.camera_id}, {"fault", to_string(lost.fault)}};
}

json fields_of(const CameraBack& back) {
  return {{"camera", back.camera_id}, {"lost_seconds", back.lost_seconds}};
}

json fields_of(const ButtonTrouble& trouble) {
  json object{{"button", trouble.button_id}, {"fault", to_string(trouble.fault)}};
  if (trouble.fault == ButtonFault::lost_edges) object["lost_edges"] = trouble.lost_edges;
  return object;
}

json fields_of(const Security& security) {
  json object{{"kind", security.kind}, {"source", security.source}, {"action", security.action}};
  put_unless_empty(object, "camera", security.camera_id);
  put_unless_empty(object, "person", security.person);
  return object;
}

json fields_of(const Alert& alert) {
  json object{{"alert", alert.name},
              {"severity", alert.severity},
              {"status", alert.firing ? "firing" : "resolved"},
              {"fingerprint", alert.fingerprint}};
  put_unless_empty(object, "summary", alert.summary);
  put_unless_empty(object, "camera", alert.camera_id);
  return object;
}

json fields_of(const Motion& motion) {
  json object{{"camera", motion.camera_id}, {"start", rfc3339(motion.header.at)}};
  if (motion.ended) object["end"] = rfc3339(*motion.ended);
  auto ids = json::array(), names = json::array(), track = json::array();
  for (const auto& zone : motion.zones) {
    ids.push_back(zone.id);
    names.push_back(zone.name);
  }
  for (const auto& step : motion.track)
    track.push_back({{"at_ms", step.at.count()}, {"box", {step.x, step.y, step.width, step.height}}});
  if (!ids.empty()) {
    object["zones"] = std::move(ids);
    object["zone_names"] = std::move(names);
  }
  object["track"] = std::move(track);
  return object;
}

json fields_of(const FootageGap& gap) {
  json object{{"camera", gap.camera_id},
              {"cause", to_string(gap.cause)},
              {"start", rfc3339(gap.header.at)},
              {"seconds", gap.seconds}};
  if (gap.ended) object["end"] = rfc3339(*gap.ended);
  put_unless_empty(object, "detail", gap.detail);
  return object;
}

json fields_of(const DiskTrouble& trouble) {
  json object{{"folder", trouble.folder}, {"fault", to_string(trouble.fault)}};
  put_unless_empty(object, "detail", trouble.detail);
  return object;
}

}  // namespace

Header make_header(const Clock& clock) {
  const auto at = clock.wall();
  return {EventId::generate(at), at, clock.now(), TraceContext::start()};
}

std::string request_of(const Header& header) {
  return header.request_id.empty() ? header.id.text() : header.request_id;
}

const Header& header_of(const Event& event) {
  return std::visit([](const auto& e) -> const Header& { return e.header; }, event);
}

std::string_view type_of(const Event& event) noexcept {
  return std::visit(Overloaded{[](const Ring&) { return std::string_view("ring"); },
                               [](const Sighting&) { return std::string_view("sighting"); },
                               [](const CameraLost&) { return std::string_view("camera_lost"); },
                               [](const CameraBack&) { return std::string_view("camera_back"); },
                               [](const ButtonTrouble&) { return std::string_view("button_trouble"); },
                               [](const Security&) { return std::string_view("security"); },
                               [](const Alert&) { return std::string_view("alert"); },
                               [](const Motion&) { return std::string_view("motion"); },
                               [](const FootageGap&) { return std::string_view("gap"); },
                               [](const DiskTrouble&) { return std::string_view("disk"); }},
                    event);
}

std::string camera_of(const Event& event) {
  return std::visit(
      Overloaded{[](const ButtonTrouble&) { return std::string(); },
                 [](const DiskTrouble&) { return std::string(); }, [](const auto& e) { return e.camera_id; }},
      event);
}

std::string_view to_string(TriggerSource source) noexcept {
  switch (source) {
    case TriggerSource::button_press:
      return "button_press";
    case TriggerSource::cli:
      return "cli";
    case TriggerSource::api:
      return "api";
    case TriggerSource::mqtt:
      return "mqtt";
    case TriggerSource::motion:
      return "motion";
    case TriggerSource::test:
      return "test";
    case TriggerSource::remote_unit:
      return "remote_unit";
  }
  return "other";
}

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::known_person:
      return "known_person";
    case Verdict::unknown_person:
      return "unknown_person";
    case Verdict::blacklist_match:
      return "blacklist_match";
    case Verdict::no_face:
      return "no_face";
    case Verdict::error:
      return "error";
  }
  return "error";
}

std::string_view to_string(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::too_small:
      return "too_small";
    case Refusal::blurred:
      return "blurred";
    case Refusal::turned:
      return "turned";
    case Refusal::dark:
      return "dark";
    case Refusal::bright:
      return "bright";
    case Refusal::cut_by_border:
      return "cut_by_border";
  }
  return "";
}

std::string_view to_string(CameraFault fault) noexcept {
  switch (fault) {
    case CameraFault::timeout:
      return "timeout";
    case CameraFault::eof:
      return "eof";
    case CameraFault::auth:
      return "auth";
    case CameraFault::network:
      return "network";
    case CameraFault::protocol:
      return "protocol";
    case CameraFault::stalled:
      return "stalled";
  }
  return "protocol";
}

std::string_view to_string(ButtonFault fault) noexcept {
  switch (fault) {
    case ButtonFault::chip_lost:
      return "chip_lost";
    case ButtonFault::chip_back:
      return "chip_back";
    case ButtonFault::stuck:
      return "stuck";
    case ButtonFault::released:
      return "released";
    case ButtonFault::lost_edges:
      return "lost_edges";
  }
  return "chip_lost";
}

std::string_view to_string(DiskFault fault) noexcept {
  switch (fault) {
    case DiskFault::full:
      return "full";
    case DiskFault::almost_full:
      return "almost_full";
    case DiskFault::read_only:
      return "read_only";
    case DiskFault::missing:
      return "missing";
    case DiskFault::wrong_volume:
      return "wrong_volume";
    case DiskFault::error:
      return "error";
    case DiskFault::damaged_index:
      return "damaged_index";
    case DiskFault::back:
      return "back";
  }
  return "error";
}

bool stops_recording(DiskFault fault) noexcept {
  return fault != DiskFault::almost_full && fault != DiskFault::damaged_index && fault != DiskFault::back;
}

std::string to_json(const Event& event) {
  const auto& header = header_of(event);
  auto object = std::visit([](const auto& e) { return fields_of(e); }, event);
  object["id"] = header.id.text();
  object["type"] = type_of(event);
  object["time"] = rfc3339(header.at);
  object["trace_id"] = header.trace.trace_text();
  // Ids and names reach us checked; `replace` keeps a broken byte from ever throwing here.
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace porchlight::event
