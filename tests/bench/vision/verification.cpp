// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "bench/vision/faces_known.hpp"
#include "porchlight/media/photo.hpp"
#include "vision/fusion.hpp"
#include "vision/held_out.hpp"
#include "vision/verification.hpp"

namespace porchlight::bench {
namespace {

using vision::Embedding;
using Distance = std::function<float(const Embedding&, const Embedding&)>;

float by_resnet(const Embedding& a, const Embedding& b) {
  return vision::distance({a.resnet, {}}, {b.resnet, {}});
}

float by_both(const Embedding& a, const Embedding& b) {
  return vision::distance(a, b);
}

float by_mobile(const Embedding& a, const Embedding& b) {
  return (by_both(a, b) - vision::resnet_weight * by_resnet(a, b)) / vision::mobile_weight;
}

std::vector<vision::LabelledPair> pairs_of(const KnownFaces& faces, const Distance& distance) {
  std::vector<vision::LabelledPair> pairs;
  for (std::size_t i = 0; i < faces.person.size(); ++i)
    for (std::size_t j = i + 1; j < faces.person.size(); ++j) {
      const auto& a = faces.embedding[i];
      const auto& b = faces.embedding[j];
      pairs.push_back({a && b ? distance(*a, *b) : vision::never_near, faces.person[i], faces.person[j],
                       faces.person[i] == faces.person[j]});
    }
  return pairs;
}

// Mean and deviation of the distances of two people, and where one in 100 and one in 1,000 of them begin.
Json spread(const std::vector<vision::LabelledPair>& pairs) {
  vision::PairDistances kinds;
  for (const auto& pair : pairs)
    if (std::isfinite(pair.distance)) (pair.same ? kinds.genuine : kinds.impostor).push_back(pair.distance);
  vision::sort(kinds);
  double sum = 0;
  double squares = 0;
  for (const double away : kinds.impostor) {
    sum += away;
    squares += away * away;
  }
  const auto count = static_cast<double>(kinds.impostor.size());
  const auto mean = sum / count;
  return {{"impostor_mean", mean},
          {"impostor_deviation", std::sqrt(squares / count - mean * mean)},
          {"impostor_least", kinds.impostor.front()},
          {"impostor_1_in_1000", vision::threshold_at(kinds, 1e-3)},
          {"impostor_1_in_100", vision::threshold_at(kinds, 1e-2)},
          {"genuine_median", kinds.genuine[kinds.genuine.size() / 2]},
          {"accepted_at_0.45",
           {vision::accepted_at(kinds.genuine, 0.45F), vision::accepted_at(kinds.impostor, 0.45F)}},
          {"accepted_at_0.50",
           {vision::accepted_at(kinds.genuine, 0.5F), vision::accepted_at(kinds.impostor, 0.5F)}},
          {"accepted_at_0.55",
           {vision::accepted_at(kinds.genuine, 0.55F), vision::accepted_at(kinds.impostor, 0.55F)}}};
}

Json rated(const KnownFaces& faces, const Distance& distance) {
  auto pairs = pairs_of(faces, distance);
  Json json{{"spread", spread(pairs)}};
  const vision::HeldOut trial(std::move(pairs), faces.photographs, vision::default_threshold);
  const auto rates = trial.rates();
  const auto intervals = trial.intervals();
  const auto add = [&](const char* name, double vision::Rates::*rate) {
    json[name] = {rates.*rate, {intervals.low.*rate, intervals.high.*rate}};
  };
  add("eer", &vision::Rates::eer);
  add("half_total_error", &vision::Rates::error);
  add("tar_at_far_1e-2", &vision::Rates::tar_2);
  add("far_held_out_1e-2", &vision::Rates::far_2);
  add("tar_at_far_1e-3", &vision::Rates::tar_3);
  add("far_held_out_1e-3", &vision::Rates::far_3);
  add("tpr_at_default", &vision::Rates::tpr_default);
  add("fpr_at_default", &vision::Rates::fpr_default);
  return json;
}

}  // namespace

KnownFaces embed_all(const std::vector<LabelledPhotos>& people, vision::FaceEngine& engine) {
  KnownFaces faces;
  for (std::size_t i = 0; i < people.size(); ++i) {
    faces.photographs.push_back(people[i].photos.size());
    for (const auto& file : people[i].photos) {
      faces.person.push_back(i);
      faces.embedding.emplace_back();
      const auto photo = media::read_photo(file);
      if (!photo) continue;
      const auto shot = engine.largest_shot(*photo);
      if (shot && *shot) faces.embedding.back() = (*shot)->embedding;
    }
  }
  return faces;
}

Json verification(const KnownFaces& faces) {
  const auto missed = std::count(faces.embedding.begin(), faces.embedding.end(), std::nullopt);
  return {{"people", faces.photographs.size()}, {"photographs", faces.person.size()},
          {"without_a_face", missed},           {"resnet", rated(faces, by_resnet)},
          {"mobile", rated(faces, by_mobile)},  {"fused", rated(faces, by_both)}};
}

}  // namespace porchlight::bench
