// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/gallery.hpp"

#include <algorithm>
#include <cmath>

namespace porchlight::vision {
namespace {

// Embeddings lie on a shell of radius about 1.4 with an acute spread; no two faces are farther apart.
constexpr double nobody_near = 2.0;

float nearest_distance(const Person& person, const Embedding& face) noexcept {
  auto nearest = static_cast<float>(nobody_near);
  for (const auto& embedding : person.embeddings) nearest = std::min(nearest, distance(embedding, face));
  return nearest;
}

}  // namespace

std::optional<Match> Gallery::nearest(const Embedding& face) const {
  std::optional<Match> best;
  for (const auto& person : persons_) {
    if (person.embeddings.empty()) continue;
    const auto away = nearest_distance(person, face);
    if (!best || away < best->distance) best = Match{person.name, person.listed_as, away};
  }
  return best;
}

std::size_t Gallery::without_second() const noexcept {
  const auto lacks = [](const Person& person) {
    return !person.embeddings.empty() &&
           std::all_of(person.embeddings.begin(), person.embeddings.end(),
                       [](const Embedding& embedding) { return embedding.mobile.empty(); });
  };
  return static_cast<std::size_t>(std::count_if(persons_.begin(), persons_.end(), lacks));
}

Identity identify(const Gallery& gallery, const Embedding& face, float threshold) {
  const auto match = gallery.nearest(face);
  if (!match) return {event::Verdict::unknown_person, "", 0, nobody_near};
  const auto confidence = confidence_of(match->distance, threshold);
  if (match->distance > threshold) return {event::Verdict::unknown_person, "", confidence, match->distance};
  const auto verdict = match->listed_as == ListedAs::blacklisted ? event::Verdict::blacklist_match
                                                                 : event::Verdict::known_person;
  return {verdict, match->person, confidence, match->distance};
}

double confidence_of(double distance, double threshold) noexcept {
  constexpr double steepness = 14.648;  // ln 9 / 0.15
  return 1 / (1 + std::exp(steepness * (distance - threshold)));
}

}  // namespace porchlight::vision
