// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/embedding.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "porchlight/vision/gallery.hpp"
#include "vision/fusion.hpp"
#include "vision/mobile_embedder.hpp"
#include "vision/pictures.hpp"

namespace porchlight::vision {
namespace {

Embedding at(float resnet, std::size_t direction) {
  Embedding embedding;
  embedding.resnet[0] = resnet;
  embedding.mobile.assign(mobile_length, 0);
  embedding.mobile[direction] = 1;
  return embedding;
}

Embedding without_second(Embedding embedding) {
  embedding.mobile.clear();
  return embedding;
}

TEST(Fusion, BothDistancesCountWhereBothAreThere) {
  const auto a = at(0, 3);
  const auto b = at(0.4F, 200);
  EXPECT_FLOAT_EQ(distance(a, b), fused(0.4F, std::sqrt(2.0F)));
  EXPECT_FLOAT_EQ(distance(a, a), 0);
  EXPECT_GT(distance(a, at(0, 4)), 0) << "the second network alone tells them apart";
  EXPECT_GT(distance(a, at(0.2F, 3)), 0) << "the first alone, too";
  EXPECT_FLOAT_EQ(distance(a, b), distance(b, a));
}

TEST(Fusion, WithoutTheSecondTheFirstDecidesAlone) {
  const auto a = at(0, 3);
  const auto b = at(0.4F, 200);
  EXPECT_FLOAT_EQ(distance(without_second(a), b), 0.4F);
  EXPECT_FLOAT_EQ(distance(a, without_second(b)), 0.4F);
}

TEST(Fusion, EveryNumberCounts) {
  Embedding zero;
  zero.mobile.assign(mobile_length, 0);
  for (std::size_t i = 0; i < zero.resnet.size(); ++i) {
    auto other = zero;
    other.resnet[i] = 0.5F;
    EXPECT_FLOAT_EQ(distance(zero, other), fused(0.5F, 0)) << i;
  }
  for (std::size_t i = 0; i < mobile_length; ++i) {
    auto other = zero;
    other.mobile[i] = 0.5F;
    EXPECT_FLOAT_EQ(distance(zero, other), fused(0, 0.5F)) << i;
  }
}

TEST(Fusion, TheMeanIsEachNetworksOwn) {
  EmbeddingMean mean;
  mean.add(at(0.2F, 0));
  mean.add(at(0.6F, 1));
  mean.add(without_second(at(0.4F, 0)));
  const auto of_all = mean.mean();
  EXPECT_FLOAT_EQ(of_all.resnet[0], 0.4F);
  ASSERT_EQ(of_all.mobile.size(), mobile_length);
  EXPECT_FLOAT_EQ(of_all.mobile[0], std::sqrt(0.5F));
  EXPECT_FLOAT_EQ(of_all.mobile[1], std::sqrt(0.5F));
  EmbeddingMean first_only;
  first_only.add(without_second(at(1, 0)));
  EXPECT_TRUE(first_only.mean().mobile.empty());
}

TEST(Fusion, SomebodyEnrolledBeforeIsStillRecognisedAndCounted) {
  const Gallery gallery({{"anna", ListedAs::known, {without_second(at(0, 0))}},
                         {"bert", ListedAs::known, {at(0.9F, 7)}},
                         {"cleo", ListedAs::known, {without_second(at(2, 0)), at(2, 9)}},
                         {"dora", ListedAs::known, {}}});
  EXPECT_EQ(identify(gallery, at(0.1F, 300), 0.5F).person, "anna");
  EXPECT_EQ(identify(gallery, at(0.9F, 7), 0.5F).person, "bert");
  EXPECT_EQ(gallery.without_second(), 1U);
}

FaceOptions both() {
  FaceOptions options;
  options.mobile = true;
  return options;
}

TEST(MobileEmbedder, RealPicturesOfOnePersonAreNearAndOfTwoFar) {
  const auto engine = engine_or_skip(both());
  if (!engine) GTEST_SKIP() << "no face models";
  const auto enrolled = (*engine->largest_shot(visitor_enrolled()))->embedding;
  const auto at_door = (*engine->largest_shot(visitor_at_door()))->embedding;
  const auto other = (*engine->largest_shot(stranger()))->embedding;
  for (const auto* one : {&enrolled, &at_door, &other}) ASSERT_EQ(one->mobile.size(), mobile_length);
  const auto second = [](const Embedding& a, const Embedding& b) {
    return distance({{}, a.mobile}, {{}, b.mobile}) / mobile_weight;
  };
  EXPECT_LT(second(enrolled, at_door), 1.0F);
  EXPECT_GT(second(enrolled, other), 1.2F) << "two people's are all but at right angles";
  EXPECT_GT(second(at_door, other), 1.2F);
  EXPECT_LT(distance(enrolled, at_door), default_threshold);
  EXPECT_GT(distance(enrolled, other), default_threshold);
  EXPECT_EQ(engine->version(), fused_version);
}

TEST(MobileEmbedder, RunsOnlyWhenAskedFor) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto photo = stranger();
  const auto chip = *engine->align(photo, engine->detect(photo)->front());
  EXPECT_TRUE(chip.second_rgb.empty());
  EXPECT_TRUE(engine->embed(chip)->mobile.empty());
  EXPECT_EQ(engine->version(), model_version);
}

TEST(MobileEmbedder, ScaleAndTurnChangeLittle) {
  const auto engine = engine_or_skip(both());
  if (!engine) GTEST_SKIP() << "no face models";
  const auto large = (*engine->largest_shot(visitor_at_door()))->embedding;
  const auto small = (*engine->largest_shot(resized(visitor_at_door(), 210, 210)))->embedding;
  EXPECT_LT(distance({{}, large.mobile}, {{}, small.mobile}) / mobile_weight, 0.8F);
}

// The similarity must bring the eyes to their places, whatever the size of the face.
TEST(MobileEmbedder, TheChipShowsTheSamePartOfEveryFace) {
  const auto engine = engine_or_skip(both());
  if (!engine) GTEST_SKIP() << "no face models";
  const auto chip_of = [&](const media::Image& photo) {
    const auto shots = engine->detect(photo);
    return engine->align(photo, shots->front())->second_rgb;
  };
  const auto large = chip_of(visitor_at_door());
  const auto small = chip_of(resized(visitor_at_door(), 315, 315));
  ASSERT_EQ(large.size(), 112U * 112 * 3);
  ASSERT_EQ(small.size(), large.size());
  double apart = 0;
  for (std::size_t i = 0; i < large.size(); ++i) apart += std::abs(int(large[i]) - int(small[i]));
  EXPECT_LT(apart / static_cast<double>(large.size()), 14) << "grey levels";
}

TEST(MobileEmbedder, AMissingFileIsNamed) {
  const auto missing = testing::TempDir() + "no_second_model";
  std::filesystem::create_directories(missing);
  for (const auto* name : {"detect.onnx", "landmark.onnx", "resnet.onnx"})
    std::filesystem::copy_file(models() / name, missing + "/" + name,
                               std::filesystem::copy_options::overwrite_existing);
  ASSERT_TRUE(FaceEngine::create(missing, {}, nullptr).ok()) << "nobody asked for the second";
  const auto engine = FaceEngine::create(missing, both(), nullptr);
  ASSERT_FALSE(engine.ok());
  EXPECT_NE(engine.error().text().find("mobile.onnx"), std::string::npos) << engine.error().text();
}

}  // namespace
}  // namespace porchlight::vision
