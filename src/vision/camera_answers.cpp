// SPDX-License-Identifier: Apache-2.0
// What a camera's visits and rings lead to: decisions, the end of visits, answers to rings.
#include <algorithm>
#include <tuple>

#include "camera_watch.hpp"

namespace porchlight::vision {
namespace {

using std::chrono::milliseconds;

constexpr int real_face = 2;            // detections; a single one may be a hat
constexpr milliseconds standing{2000};  // seen this recently: is still at the door
constexpr std::size_t most_rings = 8;
constexpr milliseconds fresh_picture{2000};

// A blacklisted face wins over an unknown one, that over a known one.
int weight(const Visit& visit) {
  switch (visit.identity().verdict) {
    case event::Verdict::blacklist_match:
      return 2;
    case event::Verdict::known_person:
      return 0;
    default:
      return 1;
  }
}

}  // namespace

std::vector<Seen> CameraWatch::settle(MonotonicTime now) {
  std::vector<Seen> out;
  decide_visits(now, out);
  answer_rings(now, out);
  end_visits(now, out);
  return out;
}

std::vector<Seen> CameraWatch::tick() {
  return settle(desk_.clock.now());
}

std::vector<Seen> CameraWatch::expect_ring(const event::Ring& ring, MonotonicTime deadline) {
  const auto now = desk_.clock.now();
  std::vector<Seen> out;
  if (rings_.size() == most_rings) {
    out.push_back(answer(rings_.front(), now));
    rings_.erase(rings_.begin());
  }
  rings_.push_back({ring, deadline});
  last_detection_ = {};  // look at the very next frame
  answer_rings(now, out);
  return out;
}

void CameraWatch::decide_visits(MonotonicTime now, std::vector<Seen>& out) {
  for (auto& visit : visits_) {
    if (visit.decided() || visit.detections() < real_face) continue;
    const bool late = now - visit.first_seen() >= desk_.options.decide_within && visit.shots() > 0;
    if (!late && !visit.sure()) continue;
    visit.decide();
    if (named_already(visit)) continue;
    out.push_back(report(&visit, visit.identity(), nullptr));
  }
}

// One person has one visit, even when bad shots between made two tracks of it. Two who were seen at once are
// two people, even when they look like one.
bool CameraWatch::named_already(const Visit& visit) const {
  const auto& person = visit.identity().person;
  return !person.empty() && std::any_of(visits_.begin(), visits_.end(), [&](const Visit& other) {
    return &other != &visit && other.decided() && other.identity().person == person &&
           !visit.stood_beside(other);
  });
}

void CameraWatch::end_visits(MonotonicTime now, std::vector<Seen>& out) {
  const auto ends = [&](const Visit& visit) { return over(visit, now); };
  std::vector<std::uint64_t> ended;
  for (const auto& visit : visits_) {
    if (!ends(visit)) continue;
    ended.push_back(visit.number());
    // Somebody was there, even if never well enough to be compared.
    if (!visit.decided() && visit.detections() > real_face) {
      out.push_back(report(&visit, visit.identity(), nullptr));
    }
  }
  std::erase_if(visits_, [&](const Visit& visit) {
    return std::find(ended.begin(), ended.end(), visit.number()) != ended.end();
  });
  for (auto& visit : visits_) {
    for (const auto number : ended) visit.forget_neighbour(number);
  }
}

// Whoever came within the gap may be the same person, which shows when they are decided.
bool CameraWatch::over(const Visit& visit, MonotonicTime now) const {
  const auto gap = desk_.options.visit_gap;
  if (now - visit.last_seen() < gap) return false;
  return std::none_of(visits_.begin(), visits_.end(), [&](const Visit& other) {
    return !other.decided() && other.first_seen() > visit.last_seen() &&
           other.first_seen() - visit.last_seen() < gap &&
           now - other.first_seen() < desk_.options.decide_within + gap;
  });
}

void CameraWatch::answer_rings(MonotonicTime now, std::vector<Seen>& out) {
  std::erase_if(rings_, [&](const WaitingRing& waiting) {
    if (now < waiting.deadline && !can_answer(now)) return false;
    out.push_back(answer(waiting, now));
    return true;
  });
}

std::vector<Seen> CameraWatch::give_up() {
  std::vector<Seen> out;
  for (const auto& waiting : rings_) out.push_back(answer(waiting, desk_.clock.now()));
  rings_.clear();
  return out;
}

// Everybody who stands there is decided, and somebody does.
bool CameraWatch::can_answer(MonotonicTime now) const {
  bool anybody = false;
  for (const auto& visit : visits_) {
    if (now - visit.last_seen() > standing || visit.detections() < real_face) continue;
    if (!visit.decided()) return false;
    anybody = true;
  }
  return anybody;
}

const Visit* CameraWatch::who_matters(MonotonicTime now) const {
  const Visit* best = nullptr;
  const auto order = [&](const Visit& visit) {
    return std::tuple(now - visit.last_seen() <= standing, visit.detections() >= real_face, weight(visit),
                      visit.box().height);
  };
  for (const auto& visit : visits_) {
    if (best == nullptr || order(visit) > order(*best)) best = &visit;
  }
  return best;
}

Seen CameraWatch::answer(const WaitingRing& waiting, MonotonicTime now) {
  if (const auto* visit = who_matters(now)) return report(visit, visit->identity(), &waiting.ring);
  Identity nobody;
  const bool blind = last_frame_ + fresh_picture < now && last_frame_ < waiting.ring.header.edge;
  nobody.verdict = blind ? event::Verdict::error : event::Verdict::no_face;
  auto seen = report(nullptr, nobody, &waiting.ring);
  if (!blind && last_too_small_ && now - *last_too_small_ <= standing)
    seen.sighting.refused = event::Refusal::too_small;
  return seen;
}

// A visit raises one alert, however often its visitor rings.
bool CameraWatch::first_alert_of(std::uint64_t visit) {
  constexpr std::size_t remembered = 32;
  if (std::find(alerted_.begin(), alerted_.end(), visit) != alerted_.end()) return false;
  alerted_.push_back(visit);
  if (alerted_.size() > remembered) alerted_.pop_front();
  return true;
}

Seen CameraWatch::report(const Visit* visit, const Identity& identity, const event::Ring* ring) {
  Seen seen;
  auto& sighting = seen.sighting;
  sighting.header = event::make_header(desk_.clock);
  if (ring != nullptr) {
    sighting.header.trace = ring->header.trace.child();
    sighting.header.request_id = event::request_of(ring->header);
    sighting.header.correlation_id = ring->header.correlation_id;
    sighting.ring_id = ring->header.id;
  }
  sighting.camera_id = camera_;
  sighting.verdict = identity.verdict;
  sighting.person = identity.person;
  sighting.confidence = identity.confidence;
  sighting.distance = identity.distance;
  sighting.model_version = desk_.engine.version();
  if (visit != nullptr) {
    sighting.track = visit->number();
    seen.best_shot = visit->best_frame();
    seen.box = visit->best_box();
    if (identity.verdict == event::Verdict::unknown_person) sighting.refused = visit->refused();
  }
  if (identity.verdict == event::Verdict::blacklist_match && first_alert_of(sighting.track)) {
    auto header = event::make_header(desk_.clock);
    header.trace = sighting.header.trace.child();
    header.request_id = event::request_of(sighting.header);
    header.correlation_id = sighting.header.correlation_id;
    seen.alert = event::Security{header,       "blacklist_match", "face_recognition",
                                 "alert_sent", camera_,           identity.person};
  }
  desk_.answers.count(identity.verdict, identity.confidence);
  return seen;
}

}  // namespace porchlight::vision
