// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/rules.hpp"

#include <algorithm>
#include <optional>

namespace porchlight::notify {
namespace {

using event::Verdict;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

std::optional<Occasion> occasion_of(const event::Sighting& sighting) {
  if (sighting.ring_id) return Occasion::ring;
  switch (sighting.verdict) {
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

using MaybeOccasion = std::optional<Occasion>;

MaybeOccasion occasion_of(const event::Event& event) {
  return std::visit(
      Overloaded{[](const event::Ring&) -> MaybeOccasion { return Occasion::ring; },
                 [](const event::Sighting& sighting) { return occasion_of(sighting); },
                 [](const event::CameraLost&) -> MaybeOccasion { return Occasion::camera_lost; },
                 [](const event::CameraBack&) -> MaybeOccasion { return Occasion::camera_back; },
                 [](const event::ButtonTrouble&) -> MaybeOccasion { return std::nullopt; },
                 [](const event::Security&) -> MaybeOccasion { return Occasion::security; },
                 [](const event::Alert&) -> MaybeOccasion { return Occasion::alert; }},
      event);
}

std::vector<Route> routes_for(const std::vector<Rule>& rules, Occasion occasion) {
  std::vector<Route> routes;
  for (const auto& rule : rules) {
    if (rule.when != occasion) continue;
    for (const auto& channel : rule.to) {
      const auto there =
          std::find_if(routes.begin(), routes.end(), [&](const Route& r) { return r.channel_id == channel; });
      if (there == routes.end())
        routes.push_back({channel, rule.attach_snapshot});
      else
        there->attach_snapshot |= rule.attach_snapshot;
    }
  }
  return routes;
}

bool says_blacklisted(const event::Event& event) {
  const auto* security = std::get_if<event::Security>(&event);
  return security != nullptr && security->kind == "blacklist_match";
}

int rank(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::blacklist_match:
      return 4;
    case Verdict::unknown_person:
      return 3;
    case Verdict::known_person:
      return 2;
    case Verdict::no_face:
      return 1;
    case Verdict::error:
      return 0;
  }
  return 0;
}

std::string_view label_of_verdict(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::known_person:
      return "face_recognized";
    case Verdict::unknown_person:
      return "unknown_person";
    case Verdict::blacklist_match:
      return "blacklist_match";
    case Verdict::no_face:
    case Verdict::error:
      return "";
  }
  return "";
}

}  // namespace

std::vector<Route> route(const std::vector<Rule>& rules, const event::Event& event) {
  const auto occasion = occasion_of(event);
  if (!occasion) return {};
  auto routes = routes_for(rules, *occasion);
  if (!says_blacklisted(event)) return routes;
  const auto told = routes_for(rules, Occasion::person_blacklisted);
  std::erase_if(routes, [&](const Route& r) {
    return std::any_of(told.begin(), told.end(),
                       [&](const Route& t) { return t.channel_id == r.channel_id; });
  });
  return routes;
}

bool outranks(Verdict a, Verdict b) noexcept {
  return rank(a) > rank(b);
}

std::string_view label_of(const event::Event& event) noexcept {
  return std::visit(
      Overloaded{[](const event::Ring& ring) -> std::string_view {
                   return ring.source == event::TriggerSource::test ? "test" : "doorbell_press";
                 },
                 [](const event::Sighting& sighting) { return label_of_verdict(sighting.verdict); },
                 [](const event::Security& security) -> std::string_view {
                   return security.kind == "blacklist_match" ? "blacklist_match" : "system_alert";
                 },
                 [](const auto&) -> std::string_view { return "system_alert"; }},
      event);
}

std::chrono::seconds lifetime_of(const event::Event& event) noexcept {
  using namespace std::chrono_literals;
  return std::visit(Overloaded{[](const event::Ring&) -> std::chrono::seconds { return 1h; },
                               [](const event::Sighting&) -> std::chrono::seconds { return 1h; },
                               [](const auto&) -> std::chrono::seconds { return 24h; }},
                    event);
}

}  // namespace porchlight::notify
