// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/face_engine.hpp"

#include <gtest/gtest.h>

#include <random>

#include "vision/dlib_resnet.hpp"
#include "vision/embedder.hpp"
#include "vision/pictures.hpp"

namespace porchlight::vision {
namespace {

float largest_difference(const ResnetVector& a, const ResnetVector& b) {
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST(Resnet, OpenCvAndDlibAgree) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  auto dlib = DlibResnet::load(models() / "resnet.weights");
  ASSERT_TRUE(dlib.ok()) << dlib.error().text();
  Embedder opencv((models() / "resnet.onnx").string());
  std::vector<std::vector<std::uint8_t>> chips;
  for (const auto& photo : {visitor_enrolled(), visitor_at_door(), stranger()}) {
    const auto faces = engine->detect(photo);
    ASSERT_TRUE(faces.ok() && !faces->empty());
    chips.push_back(engine->align(photo, faces->front())->rgb);
  }
  std::mt19937 random(3);
  chips.emplace_back(chips[0].size());
  for (auto& value : chips.back()) value = static_cast<std::uint8_t>(random());
  chips.emplace_back(chips[0].size(), std::uint8_t{0});
  chips.emplace_back(chips[0].size(), std::uint8_t{255});
  for (std::size_t i = 0; i < chips.size(); ++i) {
    const auto ours = opencv.run(chips[i]);
    EXPECT_LE(largest_difference(ours, (*dlib)->run(chips[i])), 1e-5F) << "chip " << i;
    EXPECT_GT(distance({ours, {}}, Embedding{}), 0.5F) << "an embedding of zeros agrees with anything broken";
  }
  EXPECT_GT(distance({opencv.run(chips[0]), {}}, {opencv.run(chips[2]), {}}), 0.3F);
}

TEST(FaceEngine, FindsTheFacesOfAGroup) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto faces = engine->detect(sample(6));
  ASSERT_TRUE(faces.ok());
  ASSERT_EQ(faces->size(), 4U);
  for (const auto& expected : {Box{675, 325, 173, 309}, Box{1487, 265, 208, 288}, Box{252, 484, 214, 275},
                               Box{1172, 310, 188, 271}}) {
    const auto found =
        std::ranges::any_of(*faces, [&](const Face& face) { return overlap(face.box, expected) > 0.6F; });
    EXPECT_TRUE(found) << "no face at " << expected.x << ", " << expected.y;
  }
}

TEST(FaceEngine, IgnoresFacesBelowTheLeastSize) {
  FaceOptions options;
  options.min_size = 400;
  const auto engine = engine_or_skip(options);
  if (!engine) GTEST_SKIP() << "no face models";
  EXPECT_TRUE(engine->detect(sample(6))->empty());
}

TEST(FaceEngine, OnePersonIsNearAndAllOthersAreFar) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  std::vector<Shot> shots;
  for (int number = 1; number <= 6; ++number) {
    auto of_photo = engine->shots_of_photo(sample_path(number));
    ASSERT_TRUE(of_photo.ok());
    std::ranges::move(*of_photo, std::back_inserter(shots));
  }
  ASSERT_GE(shots.size(), 20U);
  const auto enrolled = engine->largest_shot(visitor_enrolled());
  const auto at_door = engine->largest_shot(visitor_at_door());
  EXPECT_LT(distance((*enrolled)->embedding, (*at_door)->embedding), default_threshold);
  int near = 0;
  for (const auto& shot : shots)
    near += distance((*enrolled)->embedding, shot.embedding) <= default_threshold;
  EXPECT_EQ(near, 2) << "the visitor is in two of the photographs, and nobody else looks like her";
}

// Twenty faces, more than are looked at.
media::Image crowd() {
  const auto face = resized(visitor_enrolled(), 340, 340);
  auto picture = blank(1920, 1440, 90);
  for (int row = 0; row < 4; ++row)
    for (int column = 0; column < 5; ++column) paste(face, picture, 20 + column * 380, 10 + row * 355);
  return picture;
}

TEST(FaceEngine, LooksAtTheLargestFacesOfACrowdOnly) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto picture = crowd();
  std::size_t asked = 0;
  const auto shots = engine->shots_of_photo(picture, [&] { return ++asked > 0; });
  ASSERT_TRUE(shots.ok());
  EXPECT_EQ(shots->size(), FaceEngine::faces_of_photo);
  EXPECT_GT(asked, FaceEngine::faces_of_photo) << "before each pass of the detector and each face";
}

TEST(FaceEngine, APhotographIsPutAsideBetweenTwoPasses) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto picture = crowd();
  for (const std::size_t last : {1U, 5U, 12U, 17U}) {
    std::size_t asked = 0;
    const auto shots = engine->shots_of_photo(picture, [&] { return ++asked < last; });
    ASSERT_FALSE(shots.ok()) << last;
    EXPECT_EQ(shots.error().code(), ErrorCode::cancelled) << last;
    EXPECT_EQ(asked, last) << "it did not stop at once";
  }
  std::size_t asked = 0;
  const auto shot =
      engine->enrolable_shot(visitor_enrolled(), FaceEngine::Whose::only, [&] { return ++asked < 2; });
  ASSERT_FALSE(shot.ok());
  EXPECT_EQ(shot.error().code(), ErrorCode::cancelled);
}

TEST(FaceEngine, AFrameGivesWhatThePhotographGives) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto photo = crop(sample(3), 850, 60, 640, 480);
  const auto frame = frame_of(photo);
  const auto in_photo = engine->detect(photo);
  const auto in_frame = engine->detect(*frame);
  ASSERT_TRUE(in_photo.ok() && in_frame.ok() && !in_photo->empty() && !in_frame->empty());
  EXPECT_GT(overlap(in_photo->front().box, in_frame->front().box), 0.9F);
  const auto a = engine->embed(*engine->align(photo, in_photo->front()));
  const auto b = engine->embed(*engine->align(*frame, in_frame->front()));
  EXPECT_LT(distance(*a, *b), 0.15F);
}

TEST(FaceEngine, AMirroredFaceEmbedsTheSame) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto photo = stranger();
  auto chip = *engine->align(photo, engine->detect(photo)->front());
  auto mirrored = chip;
  for (std::size_t y = 0; y < 150; ++y) {
    for (std::size_t x = 0; x < 150; ++x) {
      std::copy_n(&chip.rgb[(y * 150 + x) * 3], 3, &mirrored.rgb[(y * 150 + 149 - x) * 3]);
    }
  }
  EXPECT_NE(chip.rgb, mirrored.rgb);
  EXPECT_LT(distance(*engine->embed(chip), *engine->embed(mirrored)), 1e-4F);
}

TEST(FaceEngine, ScaleAndCropChangeLittle) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto large = visitor_at_door();
  const auto small = resized(large, 210, 210);
  const auto a = engine->largest_shot(large);
  const auto b = engine->largest_shot(small);
  ASSERT_TRUE(a.ok() && *a && b.ok() && *b);
  EXPECT_LT(distance((*a)->embedding, (*b)->embedding), 0.35F);
}

TEST(FaceEngine, MissingModelsAreNamed) {
  const auto engine = FaceEngine::create("/nonexistent", {}, nullptr);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().code(), ErrorCode::not_found);
  EXPECT_NE(engine.error().text().find("detect.onnx"), std::string::npos);
}

TEST(FaceEngine, BrokenModelsAreAnErrorAndNoCrash) {
  const std::filesystem::path dir = testing::TempDir() + "broken_models";
  std::filesystem::create_directories(dir);
  for (const auto* name : {"detect.onnx", "landmark.onnx", "resnet.onnx"}) write_file(dir / name, {1, 2, 3});
  const auto engine = FaceEngine::create(dir, {}, nullptr);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().code(), ErrorCode::corrupt);
}

}  // namespace
}  // namespace porchlight::vision
