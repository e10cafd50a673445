// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "rates.hpp"
#include "verification.hpp"

namespace porchlight::vision {
namespace {

constexpr std::size_t most_photographs = 512;
constexpr std::size_t most_of_one = 8;  // or one person's would outweigh everybody's
constexpr std::size_t twins_in = 20;    // pairs of people; more than one in so many are no twins

using Sample = std::vector<const Embedding*>;  // one person's photographs
struct Sampled {
  const Person* person;
  Sample photographs;
};

// Spread evenly over the people, and over each one's photographs.
std::vector<Sampled> sample_of(const std::vector<Person>& people) {
  std::vector<const Person*> with_faces;
  for (const auto& person : people)
    if (!person.embeddings.empty()) with_faces.push_back(&person);
  const auto count = std::min(with_faces.size(), most_photographs);
  std::vector<Sampled> sample;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& person = *with_faces[i * with_faces.size() / count];
    const auto each = std::min({person.embeddings.size(), most_of_one, most_photographs / count});
    Sample photographs;
    for (std::size_t k = 0; k < each; ++k)
      photographs.push_back(&person.embeddings[k * person.embeddings.size() / each]);
    sample.push_back({&person, std::move(photographs)});
  }
  return sample;
}

// Of the photographs of two people, as a face before a camera is compared: by the second embedder only where
// it runs, whatever is stored.
std::vector<float> distances_between(const Sample& a, const Sample& b, bool mobile) {
  std::vector<float> distances;
  for (const auto* one : a)
    for (const auto* other : b)
      distances.push_back(mobile ? distance(*one, *other) : resnet_distance(*one, *other));
  return distances;
}

float median(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Impostors {
  std::vector<float> distances;  // of people who do not look alike
  std::vector<float> of_look_alikes;
  std::vector<LookAlike> look_alikes;
  std::size_t pairs_of_people = 0;
};

Impostors compare(const std::vector<Sampled>& sample, bool mobile) {
  Impostors found;
  for (std::size_t i = 0; i < sample.size(); ++i)
    for (std::size_t j = i + 1; j < sample.size(); ++j) {
      const auto between = distances_between(sample[i].photographs, sample[j].photographs, mobile);
      const auto typical = median(between);
      const bool alike = typical <= default_threshold;
      if (alike) found.look_alikes.push_back({sample[i].person->name, sample[j].person->name, typical});
      auto& list = alike ? found.of_look_alikes : found.distances;
      list.insert(list.end(), between.begin(), between.end());
      ++found.pairs_of_people;
    }
  return found;
}

// Sorted, with the look-alikes' where these are too many to be twins.
std::vector<float> comparisons(Impostors& found) {
  auto distances = std::move(found.distances);
  if (found.look_alikes.size() > std::max<std::size_t>(1, found.pairs_of_people / twins_in))
    distances.insert(distances.end(), found.of_look_alikes.begin(), found.of_look_alikes.end());
  std::sort(distances.begin(), distances.end());
  return distances;
}

void choose(Calibration& calibration, const std::vector<float>& sorted) {
  if (calibration.persons < least_persons || sorted.empty()) return;
  // No wrong pair in n bounds the rate at 3 / n.
  const bool shows_the_rate = static_cast<double>(sorted.size()) * calibration.wanted >= 3;
  const auto loosest = threshold_at({{}, sorted}, calibration.wanted);
  const auto ceiling = shows_the_rate ? threshold_ceiling : default_threshold;
  calibration.threshold = std::clamp(loosest, threshold_floor, ceiling);
  if (shows_the_rate)
    calibration.basis = Calibration::Basis::gallery;
  else if (calibration.threshold < default_threshold)
    calibration.basis = Calibration::Basis::tightened;
}

std::string number(const char* format, double value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string why(const Calibration& calibration) {
  using Basis = Calibration::Basis;
  const auto wanted = number("%.3g", calibration.wanted * 100) + " %";
  switch (calibration.basis) {
    case Basis::configured:
      return "as configured";
    case Basis::gallery:
      if (static_cast<double>(calibration.accepted) >
          calibration.wanted * static_cast<double>(calibration.pairs))
        return "the lowest that is allowed; the gallery shows more than " + wanted + " false accepts";
      return "where the gallery shows at most " + wanted + " false accepts";
    case Basis::tightened:
      return "tightened: people of the gallery are nearer to each other than the shipped " +
             number("%.2f", static_cast<double>(default_threshold));
    case Basis::shipped:
      break;
  }
  if (calibration.persons < least_persons)
    return "as shipped: " + std::to_string(calibration.persons) + " people enrolled, " +
           std::to_string(least_persons) + " are needed to calibrate";
  return "as shipped: the gallery is too small to show " + wanted + " (" +
         std::to_string(static_cast<std::size_t>(std::ceil(3 / calibration.wanted))) +
         " comparisons are needed) and says nothing against it";
}

}  // namespace

std::string_view to_string(Calibration::Basis basis) noexcept {
  switch (basis) {
    case Calibration::Basis::configured:
      return "configured";
    case Calibration::Basis::tightened:
      return "tightened";
    case Calibration::Basis::gallery:
      return "gallery";
    case Calibration::Basis::shipped:
      break;
  }
  return "shipped";
}

Calibration calibrate(const Gallery& gallery, const FaceOptions& options) {
  const auto sample = sample_of(gallery.persons());
  auto found = compare(sample, options.mobile);
  const auto sorted = comparisons(found);
  Calibration calibration;
  calibration.threshold = options.threshold;
  calibration.wanted = options.false_accept_rate;
  calibration.persons = sample.size();
  calibration.pairs = sorted.size();
  calibration.look_alikes = std::move(found.look_alikes);
  if (options.auto_threshold)
    choose(calibration, sorted);
  else
    calibration.basis = Calibration::Basis::configured;
  calibration.accepted = static_cast<std::size_t>(
      std::upper_bound(sorted.begin(), sorted.end(), calibration.threshold) - sorted.begin());
  calibration.bound = upper_bound_95(calibration.accepted, calibration.pairs);
  if (options.mobile) calibration.without_second = gallery.without_second();
  return calibration;
}

std::string words(const Calibration& calibration) {
  auto text = number("%.2f", static_cast<double>(calibration.threshold)) + ", " + why(calibration);
  if (calibration.pairs == 0) return text;
  return text + "; " + std::to_string(calibration.accepted) + " of " + std::to_string(calibration.pairs) +
         " comparisons of two people lie within it (at most " + number("%.2g", calibration.bound * 100) +
         " % at 95 %)";
}

}  // namespace porchlight::vision
