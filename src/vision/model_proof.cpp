// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/model_proof.hpp"

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "engine_parts.hpp"

namespace porchlight::vision {
namespace {

// A face of ovals, in BGR: no photograph has to be shipped, and all three networks take it for one.
cv::Mat drawn_face() {
  cv::Mat picture(Detector::input_height, Detector::input_width, CV_8UC3, cv::Scalar(120, 110, 100));
  const auto oval = [&](cv::Point centre, cv::Size half, const cv::Scalar& colour) {
    cv::ellipse(picture, centre, half, 0, 0, 360, colour, cv::FILLED);
  };
  oval({160, 115}, {52, 68}, {60, 80, 110});
  oval({160, 125}, {45, 60}, {140, 170, 215});
  for (const int side : {-1, 1}) {
    oval({160 + side * 19, 112}, {9, 5}, {235, 235, 235});
    oval({160 + side * 19, 112}, {4, 4}, {30, 30, 40});
    oval({160 + side * 19, 101}, {11, 2}, {50, 60, 80});
    oval({160 + side * 5, 142}, {3, 2}, {80, 100, 150});
  }
  oval({160, 132}, {5, 10}, {120, 150, 200});
  oval({160, 160}, {16, 5}, {90, 90, 180});
  cv::GaussianBlur(picture, picture, {5, 5}, 0);
  return picture;
}

constexpr Box drawn_box{115, 65, 90, 120};
// The outer corners of the eyes and the tip of the nose, as the released model puts them.
struct Mark {
  std::size_t point;
  cv::Point2f at;
};
constexpr float near_enough = 3;  // pixels
const std::array<Mark, 3> marks{{{36, {133.7F, 112.7F}}, {45, {186.4F, 113.0F}}, {30, {160.0F, 136.4F}}}};
// The embedding's first numbers, as the released model gives them. Other processors and versions of
// OpenCV differ in the fifth digit; the chip under it moves with the landmarks.
constexpr std::array<float, 8> first_numbers{-0.0673F, 0.1472F, 0.0306F,  -0.0938F,
                                             -0.0821F, 0.0202F, -0.1474F, -0.1074F};
constexpr float alike = 0.03F;
constexpr std::array<float, 24> first_of_second{-0.0239F, -0.0593F, -0.0120F, -0.0040F, 0.0187F,  0.0423F,
                                                0.0395F,  -0.0092F, -0.0372F, -0.0141F, 0.0464F,  -0.0008F,
                                                -0.0089F, -0.0651F, -0.0002F, -0.0797F, 0.0753F,  -0.0201F,
                                                -0.0513F, -0.0145F, -0.0190F, 0.0879F,  -0.0391F, -0.0742F};
constexpr float second_alike = 0.02F;  // its numbers are smaller

Error wrong(const std::filesystem::path& dir, const char* file, const char* what) {
  return {ErrorCode::corrupt, "run face model '" + (dir / file).string() + "': " + what};
}

// What a network throws that was read and cannot be run is the file's fault, too.
template <class Run>
auto answers_of(const std::filesystem::path& dir, const char* file, Run run) {
  try {
    return run();
  } catch (const cv::Exception& fault) {
    if (fault.code == cv::Error::StsNoMem) throw;
    throw UnusableModel("'" + (dir / file).string() + "' cannot be run: " + fault.err);
  }
}

Status prove_second(MobileEmbedder& mobile, const Chip& chip, const std::filesystem::path& dir) {
  const auto embedding = answers_of(dir, "mobile.onnx", [&] { return mobile.run(chip.second_rgb); });
  for (std::size_t i = 0; i < first_of_second.size(); ++i)
    if (!(std::abs(embedding[i] - first_of_second[i]) < second_alike))
      return wrong(dir, "mobile.onnx", "its embedding of the drawn face is not the known one");
  return {};
}

Status prove(EngineParts& parts, const std::filesystem::path& dir) {
  const auto picture = drawn_face();
  cv::Mat rgb;
  cv::cvtColor(picture, rgb, cv::COLOR_BGR2RGB);
  const auto faces =
      answers_of(dir, "detect.onnx", [&] { return parts.detector.detect(rgb, picture.cols, picture.rows); });
  if (faces.size() != 1 || overlap(faces.front().box, drawn_box) < 0.7F)
    return wrong(dir, "detect.onnx", "it does not find the drawn face");
  const auto points =
      answers_of(dir, "landmark.onnx", [&] { return parts.aligner.landmarks(picture, drawn_box); });
  for (const auto& mark : marks) {
    const auto off = points[mark.point] - mark.at;
    // Not a number is not near.
    if (!(std::hypot(off.x, off.y) < near_enough))
      return wrong(dir, "landmark.onnx", "it does not find the eyes and the nose of the drawn face");
  }
  const auto chip = parts.aligner.align(picture, drawn_box);
  const auto embedding = answers_of(dir, "resnet.onnx", [&] { return parts.embedder.run(chip.rgb); });
  for (std::size_t i = 0; i < first_numbers.size(); ++i)
    if (!(std::abs(embedding[i] - first_numbers[i]) < alike))
      return wrong(dir, "resnet.onnx", "its embedding of the drawn face is not the known one");
  return parts.mobile ? prove_second(*parts.mobile, chip, dir) : Status();
}

}  // namespace

Status FaceEngine::prove(const std::filesystem::path& model_dir) {
  return guarded("run face models", [&] { return vision::prove(*parts_, model_dir); });
}

Result<ModelProof> prove_models(const std::filesystem::path& model_dir, bool mobile) {
  FaceOptions options;
  options.mobile = mobile;
  if (auto found = check_models(model_dir, options); !found) return std::move(found).error();
  return guarded("load face models", [&]() -> Result<ModelProof> {
    using Clock = std::chrono::steady_clock;
    pin_foreign_pools(options.threads);
    const auto begun = Clock::now();
    EngineParts parts(model_dir, options, nullptr);
    const auto loaded = Clock::now();
    if (auto status = prove(parts, model_dir); !status) return std::move(status).error();
    return ModelProof{loaded - begun, Clock::now() - loaded};
  });
}

}  // namespace porchlight::vision
