// SPDX-License-Identifier: Apache-2.0
// The face models: loaded when needed, refused when they are bad, tried again when their files change.
#include "pipeline/model_keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/temporary_folder.hpp"

namespace porchlight::pipeline {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using PartState = telemetry::Health::PartState;

telemetry::ClosedSets sets() {
  telemetry::ClosedSets made;
  vision::FaceOptions both;
  both.mobile = true;
  made.model_versions = vision::model_versions(both);
  return made;
}

class ModelKeeperTest : public testing::Test {
 protected:
  static fs::path built() { return fs::path(PORCHLIGHT_BINARY_DIR) / "models"; }
  void SetUp() override {
    if (!fs::exists(built() / "resnet.onnx")) GTEST_SKIP() << "no models in " << built();
    for (const auto& entry : fs::directory_iterator(built()))
      if (entry.path().extension() == ".onnx") fs::copy_file(entry, folder.path() / entry.path().filename());
    ::setenv("PORCHLIGHT_MODELS", folder.path().c_str(), 1);
  }
  void TearDown() override { ::unsetenv("PORCHLIGHT_MODELS"); }
  fs::path file(const char* name) const { return folder.path() / name; }
  // The middle of the weights is something else: it loads, and answers wrongly.
  void damage(const char* name) {
    std::fstream stream(file(name), std::ios::in | std::ios::out | std::ios::binary);
    const std::string block(512, '\x7f');
    stream.seekp(static_cast<std::streamoff>(fs::file_size(file(name)) / 2));
    stream.write(block.data(), static_cast<std::streamsize>(block.size()));
  }
  void mend(const char* name) {
    fs::copy_file(built() / name, file("mended"), fs::copy_options::overwrite_existing);
    fs::rename(file("mended"), file(name));  // as a package does it
  }
  Status load() { return keeper.load(options); }
  double errors() {
    return metrics
        .counter("errors_total",
                 {{"component", "face_detector"}, {"error_type", "internal"}, {"severity", "error"}})
        .value();
  }
  bool shown() { return metrics.exposition().find("\nml_model_info{") != std::string::npos; }

  vision::FaceOptions options = [] {
    vision::FaceOptions both;
    both.mobile = true;
    return both;
  }();
  const TemporaryFolder folder;
  SimulatedClock clock;
  telemetry::Metrics metrics{sets()};
  telemetry::Health health{clock};
  ModelKeeper keeper{clock, metrics, health};
};

TEST_F(ModelKeeperTest, GoodModelsAreLoadedDroppedAndLoadedAgain) {
  EXPECT_FALSE(keeper.good());
  EXPECT_FALSE(shown());
  for (int i = 0; i < 2; ++i) {
    const auto loaded = load();
    ASSERT_TRUE(loaded) << loaded.error().text();
    ASSERT_NE(keeper.engine(), nullptr);
    EXPECT_TRUE(keeper.good());
    EXPECT_TRUE(shown());
    keeper.drop();
    EXPECT_EQ(keeper.engine(), nullptr);
    EXPECT_TRUE(keeper.good()) << "dropped on purpose is not bad";
    EXPECT_TRUE(health.model_loaded);
    EXPECT_EQ(health.get(telemetry::Health::Part::model), PartState::started);
    EXPECT_FALSE(shown());
  }
  EXPECT_EQ(errors(), 0);
}

class BadModel : public ModelKeeperTest, public testing::WithParamInterface<const char*> {};

TEST_P(BadModel, IsNamedNotReadAgainAndUsedOnceItIsMended) {
  damage(GetParam());
  const auto refused = load();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::corrupt);
  EXPECT_THAT(refused.error().text(), HasSubstr(file(GetParam()).string()));
  EXPECT_EQ(keeper.engine(), nullptr);
  EXPECT_FALSE(keeper.good());
  EXPECT_FALSE(health.model_loaded);
  EXPECT_EQ(health.get(telemetry::Health::Part::model), PartState::failed);
  // An hour of asking reads no file again.
  for (int i = 0; i < 360; ++i) {
    clock.advance(10s);
    ASSERT_FALSE(load());
  }
  EXPECT_EQ(errors(), 1);
  mend(GetParam());
  clock.advance(2s);
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().text();
  EXPECT_TRUE(health.model_loaded);
  EXPECT_EQ(errors(), 1);
}

INSTANTIATE_TEST_SUITE_P(Models, BadModel,
                         testing::Values("detect.onnx", "landmark.onnx", "resnet.onnx", "mobile.onnx"),
                         [](const auto& which) {
                           const std::string name = which.param;
                           return name.substr(0, name.find('.'));
                         });

TEST_F(ModelKeeperTest, OneThatIsReplacedByAnotherBadOneIsRefusedAnew) {
  fs::resize_file(file("resnet.onnx"), 1000);
  ASSERT_FALSE(load());
  fs::resize_file(file("resnet.onnx"), 2000);
  clock.advance(2s);
  const auto refused = load();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr(file("resnet.onnx").string()));
  EXPECT_EQ(errors(), 2);
}

TEST_F(ModelKeeperTest, AMissingOneIsUsedWhenItComes) {
  fs::remove(file("landmark.onnx"));
  const auto refused = load();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::not_found);
  mend("landmark.onnx");
  clock.advance(2s);
  EXPECT_TRUE(load());
}

TEST_F(ModelKeeperTest, OneThatGoesBadWhileTheyAreDroppedIsNotTrustedForItsPast) {
  ASSERT_TRUE(load());
  keeper.drop();
  damage("resnet.onnx");
  clock.advance(1s);
  const auto refused = load();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::corrupt);
  EXPECT_FALSE(shown());
}

TEST_F(ModelKeeperTest, WhereNobodyNeedsThemNothingIsMissing) {
  damage("detect.onnx");
  ASSERT_FALSE(load());
  keeper.unneeded();
  EXPECT_TRUE(health.model_loaded);
  ASSERT_FALSE(load());
  EXPECT_FALSE(health.model_loaded) << "and somebody does again";
  keeper.reset();
  EXPECT_EQ(errors(), 1);
}

}  // namespace
}  // namespace porchlight::pipeline
