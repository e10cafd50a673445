// SPDX-License-Identifier: Apache-2.0
#include "gpio/house_light.hpp"

#include <algorithm>

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;

constexpr auto processing_for = 10s;  // at most: until the ring is answered
constexpr auto visitor_for = 10s;
constexpr auto alert_for = 60s;

LightSignal signal_of_sighting(const event::Sighting& sighting) noexcept {
  switch (sighting.verdict) {
    case event::Verdict::known_person:
      return LightSignal::known;
    case event::Verdict::unknown_person:
      return LightSignal::unknown;
    case event::Verdict::blacklist_match:
      return LightSignal::blacklisted;
    case event::Verdict::no_face:
    case event::Verdict::error:
      break;
  }
  return sighting.ring_id ? LightSignal::unanswered : LightSignal::none;
}

}  // namespace

LightSignal signal_of(const event::Event& event) noexcept {
  if (std::holds_alternative<event::Ring>(event)) return LightSignal::rang;
  if (const auto* sighting = std::get_if<event::Sighting>(&event)) return signal_of_sighting(*sighting);
  if (std::holds_alternative<event::Security>(event)) return LightSignal::alarm;
  const auto* alert = std::get_if<event::Alert>(&event);
  return alert != nullptr && alert->firing && alert->severity == "critical" ? LightSignal::alarm
                                                                            : LightSignal::none;
}

void HouseLight::note(LightSignal signal, MonotonicTime now) {
  switch (signal) {
    case LightSignal::none:
      return;
    case LightSignal::rang:
      // Whoever was there before is not who rings now.
      until(State::known) = until(State::unknown) = now;
      until(State::processing) = now + processing_for;
      return;
    case LightSignal::known:
      until(State::known) = now + visitor_for;
      break;
    case LightSignal::unknown:
      until(State::unknown) = now + visitor_for;
      break;
    case LightSignal::blacklisted:
    case LightSignal::alarm:
      until(State::alert) = now + alert_for;
      break;
    case LightSignal::unanswered:
      break;
  }
  if (signal != LightSignal::alarm) until(State::processing) = now;
}

HouseLight::State HouseLight::shown(MonotonicTime now) const {
  for (std::size_t i = timed; i-- > 0;)
    if (now < until_[i]) return static_cast<State>(i + static_cast<std::size_t>(State::processing));
  return is_wrong_ ? State::error : State::idle;
}

std::optional<MonotonicTime> HouseLight::next_change(MonotonicTime now) const {
  std::optional<MonotonicTime> next;
  for (const auto& end : until_)
    if (now < end) next = next ? std::min(*next, end) : end;
  return next;
}

}  // namespace porchlight::gpio
