// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/temporary_folder.hpp"
#include "vision/aligner.hpp"
#include "vision/detector.hpp"
#include "vision/embedder.hpp"
#include "vision/mobile_embedder.hpp"
#include "vision/model_record.hpp"
#include "vision/pictures.hpp"

namespace porchlight::vision {
namespace {

namespace fs = std::filesystem;

class ModelValidation : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(models() / "resnet.onnx")) GTEST_SKIP() << "no models in " << models();
    for (const auto* name : {"detect.onnx", "landmark.onnx", "resnet.onnx", "mobile.onnx"})
      fs::copy_file(models() / name, folder.path() / name);
  }
  std::string file(const char* name) const { return (folder.path() / name).string(); }
  Result<std::vector<FaceEngine::Validated>> validate() const {
    FaceOptions options;
    options.mobile = true;
    auto engine = FaceEngine::create(folder.path(), options, nullptr);
    if (!engine) return std::move(engine).error();
    return (*engine)->validate();
  }
  // A row for model_record.hpp.
  static std::string row(const RecordedOutputs& outputs) {
    std::ostringstream text;
    text.precision(6);
    for (const auto output : outputs) text << (text.tellp() == 0 ? "{" : ", ") << std::fixed << output << 'F';
    return text.str() + "}";
  }
  static void expect(cv::dnn::Net& network, const ModelRecord& record) {
    const auto outputs = outputs_of_generated(network, record.shape);
    for (std::size_t i = 0; i < outputs.size(); ++i)
      ASSERT_NEAR(outputs[i], record.outputs[i], 1e-3)
          << record.network << " gives " << row(outputs)
          << "; model_record.py has what is to be recorded if the model is new";
  }

  const TemporaryFolder folder;
};

TEST_F(ModelValidation, TheRecordIsThatOfTheReleasedModels) {
  expect(Detector(file("detect.onnx")).network(), detector_record);
  expect(Aligner(file("landmark.onnx")).network(), landmarks_record);
  expect(Embedder(file("resnet.onnx")).network(), embedder_record);
  expect(MobileEmbedder(file("mobile.onnx")).network(), second_embedder_record);
}

// A network that gives the same for everything would pass with any record.
TEST_F(ModelValidation, TheRecordSaysSomething) {
  for (const auto* record :
       {&detector_record, &landmarks_record, &embedder_record, &second_embedder_record}) {
    const auto [least, most] = std::minmax_element(record->outputs.begin(), record->outputs.end());
    EXPECT_GT(*most - *least, 0.02F) << record->network;
  }
}

TEST_F(ModelValidation, EveryNetworkIsRunAndTimed) {
  const auto validated = validate();
  ASSERT_TRUE(validated) << validated.error().text();
  std::vector<std::string_view> names;
  for (const auto& one : *validated) {
    names.push_back(one.network);
    EXPECT_GT(one.took.count(), 0) << one.network;
    EXPECT_LE(one.difference, 1e-3F) << one.network;
  }
  EXPECT_THAT(names, testing::ElementsAre("detector", "landmarks", "embedder", "second_embedder"));
}

struct Damage {
  const char* file;
  const char* network;
};
class InvalidModel : public ModelValidation, public testing::WithParamInterface<Damage> {};

TEST_P(InvalidModel, IsNamed) {
  const auto path = folder.path() / GetParam().file;
  const auto middle = static_cast<std::streamoff>(fs::file_size(path) / 2);
  std::fstream model(path, std::ios::in | std::ios::out | std::ios::binary);
  const std::string block(512, '\x7f');
  model.seekp(middle).write(block.data(), static_cast<std::streamsize>(block.size()));
  model.close();
  const auto validated = validate();
  ASSERT_FALSE(validated);
  EXPECT_EQ(validated.error().code(), ErrorCode::corrupt) << validated.error().text();
  EXPECT_THAT(validated.error().text(), testing::HasSubstr(std::string("'") + GetParam().network + "'"));
}

INSTANTIATE_TEST_SUITE_P(Models, InvalidModel,
                         testing::Values(Damage{"detect.onnx", "detector"},
                                         Damage{"landmark.onnx", "landmarks"},
                                         Damage{"resnet.onnx", "embedder"},
                                         Damage{"mobile.onnx", "second_embedder"}),
                         [](const auto& which) { return std::string(which.param.network); });

}  // namespace
}  // namespace porchlight::vision
