// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/model_proof.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/temporary_folder.hpp"
#include "vision/pictures.hpp"

namespace porchlight::vision {
namespace {

namespace fs = std::filesystem;

class ModelProofTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(models() / "resnet.onnx")) GTEST_SKIP() << "no models in " << models();
    for (const auto* name : {"detect.onnx", "landmark.onnx", "resnet.onnx", "mobile.onnx"})
      fs::copy_file(models() / name, folder.path() / name);
  }
  Result<ModelProof> prove() const { return prove_models(folder.path(), true); }

  const TemporaryFolder folder;
};

TEST_F(ModelProofTest, ReleasedModelsPass) {
  const auto proof = prove();
  EXPECT_TRUE(proof.ok()) << proof.error().text();
}

TEST_F(ModelProofTest, MissingFileIsNamed) {
  fs::remove(folder.path() / "landmark.onnx");
  const auto proof = prove();
  ASSERT_FALSE(proof.ok());
  EXPECT_EQ(proof.error().code(), ErrorCode::not_found);
  EXPECT_THAT(proof.error().text(), testing::HasSubstr("landmark.onnx"));
}

TEST_F(ModelProofTest, TheSecondEmbedderIsNeededOnlyWhereItIsAskedFor) {
  fs::remove(folder.path() / "mobile.onnx");
  EXPECT_THAT(prove().error().text(), testing::HasSubstr("mobile.onnx"));
  EXPECT_TRUE(prove_models(folder.path()).ok());
}

TEST_F(ModelProofTest, TruncatedFileDoesNotLoad) {
  fs::resize_file(folder.path() / "detect.onnx", fs::file_size(folder.path() / "detect.onnx") / 2);
  const auto proof = prove();
  ASSERT_FALSE(proof.ok());
  EXPECT_EQ(proof.error().code(), ErrorCode::corrupt) << proof.error().text();
  EXPECT_THAT(proof.error().text(), testing::HasSubstr("detect.onnx"));
}

class DamagedModel : public ModelProofTest, public testing::WithParamInterface<const char*> {};

// A card that lost a block in the middle of the weights: the file loads, and its answers are wrong.
TEST_P(DamagedModel, IsNoticedByItsAnswers) {
  const auto path = folder.path() / GetParam();
  const auto middle = static_cast<std::streamoff>(fs::file_size(path) / 2);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const std::string block(512, '\x7f');
  file.seekp(middle).write(block.data(), static_cast<std::streamsize>(block.size()));
  file.close();
  const auto proof = prove();
  ASSERT_FALSE(proof.ok());
  EXPECT_EQ(proof.error().code(), ErrorCode::corrupt) << proof.error().text();
  EXPECT_THAT(proof.error().text(), testing::HasSubstr(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Models, DamagedModel,
                         testing::Values("detect.onnx", "landmark.onnx", "resnet.onnx", "mobile.onnx"),
                         [](const auto& which) {
                           const std::string name = which.param;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace porchlight::vision
