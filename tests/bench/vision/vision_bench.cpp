// SPDX-License-Identifier: Apache-2.0
// Detection on streets, verification by one and by two embedders, strangers, time a face against the
// reference recipe, and a large gallery.
// usage: vision_bench [DATA [PREDICTOR]]
#include <algorithm>
#include <cstdio>

#include "bench/faces/recipe.hpp"
#include "bench/faces/timing.hpp"
#include "bench/vision/faces_known.hpp"
#include "bench/vision/street.hpp"
#include "porchlight/media/photo.hpp"

using namespace porchlight;
using bench::Json;
using bench::median;
using bench::milliseconds;
using bench::vga_picture;

namespace {

using Embed = std::function<bool(const media::Image&)>;

// Taken in turns, so that all see the same machine.
Json times(const Embed& one, const Embed& two, const Embed& recipe) {
  const auto picture = vga_picture();
  if (picture.width == 0) return "skipped: no picture";
  std::vector<double> ms[3];
  std::vector<double> ratio[2];
  for (int i = 0; i < 21; ++i) {
    ms[0].push_back(milliseconds(one, picture));
    ms[1].push_back(milliseconds(two, picture));
    ms[2].push_back(milliseconds(recipe, picture));
    for (int k = 0; k < 2; ++k) ratio[k].push_back(ms[k].back() / ms[2].back());
  }
  return {{"one_ms", median(ms[0])},
          {"two_ms", median(ms[1])},
          {"recipe_ms", median(ms[2])},
          {"ratio_one", median(ratio[0])},
          {"ratio_two", median(ratio[1])}};
}

Embed with(vision::FaceEngine& engine) {
  return [&engine](const media::Image& image) {
    const auto faces = engine.detect(image);
    if (!faces || faces->empty()) return false;
    const auto chip = engine.align(image, faces->front());
    return chip && engine.embed(*chip);
  };
}

void add_accuracy(Json& out, const std::filesystem::path& data, vision::FaceEngine& engine) {
  const auto people = bench::labelled_photos(data);
  if (people.empty()) {
    out["accuracy"] = "skipped: no labelled photographs at '" + data.string() + "'";
    return;
  }
  auto photos = bench::photographs_of_others(data);
  for (const auto& person : people) photos.insert(photos.end(), person.photos.begin(), person.photos.end());
  out["detection"] = bench::detection(data, photos, engine);
  const auto faces = bench::embed_all(people, engine);
  out["verification"] = bench::verification(faces);
  out["strangers"] = bench::strangers(faces, data, engine);
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path data = argc > 1 ? argv[1] : PORCHLIGHT_SOURCE_DIR "/../shared/data";
  const std::filesystem::path predictor =
      argc > 2 ? argv[2] : "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";
  const std::filesystem::path models = PORCHLIGHT_BINARY_DIR "/models";
  vision::FaceOptions options;
  options.min_size = 20;
  auto one = vision::FaceEngine::create(models, options, nullptr);
  options.mobile = true;
  auto two = vision::FaceEngine::create(models, options, nullptr);
  if (!one || !two) {
    std::fprintf(stderr, "vision_bench: %s\n", (one ? two.error() : one.error()).text().c_str());
    return 77;
  }
  Json out{{"bench", "vision"}};
  if (auto recipe = bench::Recipe::load(predictor, models / "resnet.weights"))
    out["time"] = times(with(**one), with(**two),
                        [&](const media::Image& image) { return (*recipe)->embed(image).has_value(); });
  else
    out["time"] = "skipped: " + recipe.error().text();
  out["gallery_of_10000"] = bench::large_gallery();
  add_accuracy(out, data, **two);
  std::printf("%s\n", out.dump(2).c_str());
}
