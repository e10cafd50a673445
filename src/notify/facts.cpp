// SPDX-License-Identifier: Apache-2.0
#include "notify/facts.hpp"

namespace porchlight::notify {
namespace {

using event::Verdict;

std::optional<Occasion> occasion_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::known_person:
      return Occasion::person_known;
    case Verdict::unknown_person:
      return Occasion::person_unknown;
    case Verdict::blacklist_match:
      return Occasion::person_blacklisted;
    case Verdict::no_face:
    case Verdict::error:
      return std::nullopt;
  }
  return std::nullopt;
}

Facts facts(const event::Ring& ring) {
  return {Occasion::ring, ring.camera_id, {}, ring.button_id};
}

Facts facts(const event::Sighting& sighting) {
  Facts facts{occasion_of(sighting.verdict), sighting.camera_id, sighting.person, sighting.person};
  if (facts.subject.empty()) facts.subject = "unknown";
  facts.critical = sighting.verdict == Verdict::blacklist_match;
  facts.answers = sighting.ring_id;
  return facts;
}

Facts facts(const event::CameraLost& lost) {
  return {Occasion::camera_lost, lost.camera_id};
}

Facts facts(const event::CameraBack& back) {
  return {Occasion::camera_back, back.camera_id};
}

Facts facts(const event::ButtonTrouble&) {
  return {};
}

Facts facts(const event::Security& security) {
  Facts facts{Occasion::security, security.camera_id, security.person, security.kind + '/' + security.person};
  facts.critical = true;
  facts.blacklisted_face = security.kind == "blacklist_match";
  return facts;
}

Facts facts(const event::Alert& alert) {
  Facts facts{
      Occasion::alert, alert.camera_id, {}, alert.fingerprint + (alert.firing ? "/firing" : "/resolved")};
  facts.severity = alert.severity;
  facts.critical = alert.firing && alert.severity == "critical";
  facts.over = !alert.firing;
  return facts;
}

Facts facts(const event::Motion& motion) {
  return {Occasion::motion, motion.camera_id};
}

Facts facts(const event::FootageGap& gap) {
  Facts facts{Occasion::gap, gap.camera_id, {}, std::string(to_string(gap.cause))};
  facts.over = gap.ended.has_value();
  return facts;
}

Facts facts(const event::DiskTrouble& trouble) {
  Facts facts{Occasion::disk, {}, {}, trouble.folder + '/' + std::string(to_string(trouble.fault))};
  facts.critical = event::stops_recording(trouble.fault);
  facts.over = trouble.fault == event::DiskFault::back;
  return facts;
}

}  // namespace

Facts facts_of(const event::Event& event) {
  return std::visit([](const auto& e) { return facts(e); }, event);
}

}  // namespace porchlight::notify
