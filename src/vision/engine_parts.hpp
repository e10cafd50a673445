// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "aligner.hpp"
#include "detector.hpp"
#include "embedder.hpp"
#include "instruments.hpp"
#include "mobile_embedder.hpp"
#include "network.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::vision {

struct EngineParts {
  EngineParts(const std::filesystem::path& dir, const FaceOptions& face_options, telemetry::Metrics* metrics)
      : options(face_options),
        detector((dir / "detect.onnx").string()),
        aligner((dir / "landmark.onnx").string(), face_options.mobile),
        embedder((dir / "resnet.onnx").string()),
        instruments(metrics, face_options) {
    if (options.mobile) mobile.emplace((dir / "mobile.onnx").string());
  }

  // Every face, however small.
  std::vector<Face> detect(const media::Image& bgr);

  FaceOptions options;
  Detector detector;
  Aligner aligner;
  Embedder embedder;
  std::optional<MobileEmbedder> mobile;  // where the options want it
  EngineInstruments instruments;
  // Conversion of decoded frames; the buffers are reused.
  media::Scaler whole{media::PixelLayout::rgb};
  media::Scaler part{media::PixelLayout::bgr};
  media::Image whole_image;
  media::Image part_image;
};

// Foreign thread pools would fight the lanes for the cores: the networks get so many threads, the caller's
// included. Of the whole process.
void pin_foreign_pools(int threads);
// not_found names the first file that is missing.
Status check_models(const std::filesystem::path& dir, const FaceOptions& options);

inline cv::Mat view(const media::Image& image) {
  return {image.height, image.width, image.channels == 1 ? CV_8UC1 : CV_8UC3,
          const_cast<std::uint8_t*>(image.pixels.data()), image.stride};
}

// The adapter that turns the libraries' exceptions into our errors. `work` returns a Result.
template <class Work>
auto guarded(std::string_view doing, Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const UnusableModel& fault) {
    return Error(ErrorCode::corrupt, std::string(doing) + ": " + fault.what());
  } catch (const std::exception& fault) {
    return Error(ErrorCode::internal, std::string(doing) + ": " + fault.what());
  }
}

}  // namespace porchlight::vision
