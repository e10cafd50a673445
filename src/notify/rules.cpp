// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/rules.hpp"

#include "porchlight/base/overloaded.hpp"

namespace porchlight::notify {
namespace {

using event::Verdict;

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
                 [](const event::Motion&) -> std::string_view { return "motion"; },
                 [](const auto&) -> std::string_view { return "system_alert"; }},
      event);
}

std::chrono::seconds lifetime_of(const event::Event& event) noexcept {
  using namespace std::chrono_literals;
  return std::visit(Overloaded{[](const event::Ring&) -> std::chrono::seconds { return 1h; },
                               [](const event::Sighting&) -> std::chrono::seconds { return 1h; },
                               [](const event::Motion&) -> std::chrono::seconds { return 1h; },
                               [](const auto&) -> std::chrono::seconds { return 24h; }},
                    event);
}

}  // namespace porchlight::notify
