// SPDX-License-Identifier: Apache-2.0
// Our faces against the reference recipe: time a face on a 640 × 480 picture, and verification on
// every pair of the labelled photographs, with a bootstrap over persons.
// usage: face_bench [DATA [PREDICTOR]]
#include <algorithm>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "bench/faces/persons.hpp"
#include "bench/faces/recipe.hpp"
#include "bench/faces/timing.hpp"
#include "porchlight/media/photo.hpp"
#include "vision/verification.hpp"

using namespace porchlight;
using Json = nlohmann::ordered_json;
using bench::median;
using bench::milliseconds;
using bench::vga_picture;

namespace {

using Embed = std::function<std::optional<vision::Embedding>(const media::Image&)>;

Json time_both(const Embed& ours, const Embed& recipe) {
  const auto picture = vga_picture();
  if (picture.width == 0) return {};
  std::vector<double> a;
  std::vector<double> b;
  std::vector<double> ratio;
  for (int i = 0; i < 21; ++i) {  // taken in turns, so that both see the same machine
    a.push_back(milliseconds(ours, picture));
    b.push_back(milliseconds(recipe, picture));
    ratio.push_back(a.back() / b.back());
  }
  return {{"ours_ms", median(a)}, {"recipe_ms", median(b)}, {"ratio", median(ratio)}};
}

struct Photos {
  std::vector<std::size_t> person;  // of each photo
  std::vector<std::optional<vision::Embedding>> embedding;
  std::size_t failures() const {
    return static_cast<std::size_t>(std::count(embedding.begin(), embedding.end(), std::nullopt));
  }
};

Photos embed_all(const std::vector<bench::LabelledPhotos>& people, const Embed& embed) {
  Photos photos;
  for (std::size_t i = 0; i < people.size(); ++i) {
    for (const auto& file : people[i].photos) {
      const auto image = media::read_photo(file);
      photos.person.push_back(i);
      photos.embedding.push_back(image ? embed(*image) : std::nullopt);
    }
  }
  return photos;
}

float away(const Photos& photos, std::size_t a, std::size_t b) {
  const bool both = photos.embedding[a] && photos.embedding[b];
  return both ? vision::distance(*photos.embedding[a], *photos.embedding[b]) : vision::never_near;
}

// Pairs of a resample: `times` says how often each person was drawn.
vision::PairDistances pairs(const Photos& photos, const std::vector<int>& times) {
  vision::PairDistances out;
  for (std::size_t a = 0; a < photos.person.size(); ++a) {
    for (std::size_t b = a + 1; b < photos.person.size(); ++b) {
      const bool same = photos.person[a] == photos.person[b];
      const auto weight = same ? times[photos.person[a]] : times[photos.person[a]] * times[photos.person[b]];
      if (weight == 0) continue;
      auto& list = same ? out.genuine : out.impostor;
      list.insert(list.end(), static_cast<std::size_t>(weight), away(photos, a, b));
    }
  }
  vision::sort(out);
  return out;
}

struct Figures {
  double tar = 0;  // at 1 % false accepts
  double eer = 0;
};

Figures figures(const Photos& photos, const std::vector<int>& times) {
  const auto sorted = pairs(photos, times);
  return {vision::true_accepts_at(sorted, 0.01), vision::equal_error_rate(sorted)};
}

Json interval(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 40], values[values.size() - 1 - values.size() / 40]};
}

// 95 % intervals of ours, the recipe's and their difference in the same resamples.
Json bootstrap(const Photos& ours, const Photos& recipe, std::size_t people) {
  std::mt19937 random(20);
  std::uniform_int_distribution<std::size_t> draw(0, people - 1);
  std::vector<double> tar[3];
  std::vector<double> eer[3];
  for (int i = 0; i < 400; ++i) {
    std::vector<int> times(people);
    for (std::size_t k = 0; k < people; ++k) ++times[draw(random)];
    const auto a = figures(ours, times);
    const auto b = figures(recipe, times);
    for (const auto& [index, figure] :
         {std::pair{0, a}, {1, b}, {2, Figures{a.tar - b.tar, a.eer - b.eer}}}) {
      tar[index].push_back(figure.tar);
      eer[index].push_back(figure.eer);
    }
  }
  return {{"tar_ours", interval(tar[0])},       {"tar_recipe", interval(tar[1])},
          {"tar_difference", interval(tar[2])}, {"eer_ours", interval(eer[0])},
          {"eer_recipe", interval(eer[1])},     {"eer_difference", interval(eer[2])}};
}

Json accuracy(const std::filesystem::path& data, const Embed& ours, const Embed& recipe) {
  const auto people = bench::labelled_photos(data);
  if (people.empty()) return "skipped: no labelled photographs at '" + data.string() + "'";
  const auto a = embed_all(people, ours);
  const auto b = embed_all(people, recipe);
  const std::vector<int> once(people.size(), 1);
  const auto sorted = pairs(a, once);
  Json thresholds;
  for (const auto t : {0.44F, 0.46F, 0.48F, 0.50F, 0.52F, 0.54F}) {
    thresholds.push_back({{"threshold", t},
                          {"true_accepts", vision::accepted_at(sorted.genuine, t)},
                          {"false_accepts", vision::accepted_at(sorted.impostor, t)}});
  }
  const auto fa = figures(a, once);
  const auto fb = figures(b, once);
  return {{"people", people.size()},
          {"photos", a.person.size()},
          {"genuine", sorted.genuine.size()},
          {"impostor", sorted.impostor.size()},
          {"failures", {{"ours", a.failures()}, {"recipe", b.failures()}}},
          {"tar_at_far_1e-2", {{"ours", fa.tar}, {"recipe", fb.tar}}},
          {"eer", {{"ours", fa.eer}, {"recipe", fb.eer}}},
          {"bootstrap_95", bootstrap(a, b, people.size())},
          {"threshold_at_far_1e-2", vision::threshold_at(sorted, 1e-2)},
          {"threshold_at_far_1e-3", vision::threshold_at(sorted, 1e-3)},
          {"ours_at", thresholds}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path data = argc > 1 ? argv[1] : PORCHLIGHT_SOURCE_DIR "/../shared/data";
  const std::filesystem::path predictor =
      argc > 2 ? argv[2] : "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";
  const std::filesystem::path models = PORCHLIGHT_BINARY_DIR "/models";
  vision::FaceOptions options;
  options.min_size = 20;
  auto engine = vision::FaceEngine::create(models, options, nullptr);
  auto recipe = bench::Recipe::load(predictor, models / "resnet.weights");
  if (!engine || !recipe) {
    std::fprintf(stderr, "face_bench: %s\n", (engine ? recipe.error() : engine.error()).text().c_str());
    return 77;
  }
  const Embed once = [&](const media::Image& image) -> std::optional<vision::Embedding> {
    const auto faces = (*engine)->detect(image);
    if (!faces || faces->empty()) return std::nullopt;
    const auto chip = (*engine)->align(image, faces->front());
    if (!chip) return std::nullopt;
    const auto embedding = (*engine)->embed(*chip);
    return embedding ? std::optional(*embedding) : std::nullopt;
  };
  const Embed thorough = [&](const media::Image& image) -> std::optional<vision::Embedding> {
    const auto shot = (*engine)->largest_shot(image);
    return shot && *shot ? std::optional((*shot)->embedding) : std::nullopt;
  };
  const Embed reference = [&](const media::Image& image) { return (*recipe)->embed(image); };
  const Json out = {{"bench", "faces"},
                    {"time", time_both(once, reference)},
                    {"accuracy", accuracy(data, thorough, reference)}};
  std::printf("%s\n", out.dump(2).c_str());
}
