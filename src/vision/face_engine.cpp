// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/face_engine.hpp"

#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <opencv2/imgproc.hpp>

#include "engine_parts.hpp"

// Absent when the BLAS behind dlib is another one.
extern "C" void openblas_set_num_threads(int count) __attribute__((weak));

namespace porchlight::vision {
namespace {

using Step = EngineInstruments::Step;

std::vector<Face> at_least(std::vector<Face> faces, int min_size) {
  std::erase_if(faces,
                [min_size](const Face& face) { return face.box.height < static_cast<float>(min_size); });
  return faces;
}

// What of a frame the alignment looks at: generous, because the chip may be turned.
media::Region surroundings(const media::Frame& frame, const Box& box) {
  const auto reach = 1.3F * std::max(box.width, box.height);
  const auto even = [](float value) { return static_cast<int>(std::floor(value / 2)) * 2; };
  const auto left = std::clamp(even(box.x + box.width / 2 - reach), 0, frame.width - 2);
  const auto top = std::clamp(even(box.y + box.height / 2 - reach), 0, frame.height - 2);
  const auto right = std::clamp(even(box.x + box.width / 2 + reach), left + 2, frame.width);
  const auto bottom = std::clamp(even(box.y + box.height / 2 + reach), top + 2, frame.height);
  return {left, top, right - left, bottom - top};
}

}  // namespace

void pin_foreign_pools(int threads) {
  cv::setNumThreads(threads);
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(threads);
}

Status check_models(const std::filesystem::path& dir, const FaceOptions& options) {
  std::vector<const char*> names{"detect.onnx", "landmark.onnx", "resnet.onnx"};
  if (options.mobile) names.push_back("mobile.onnx");
  for (const auto* name : names) {
    std::error_code error;
    if (std::filesystem::is_regular_file(dir / name, error)) continue;
    return Error(ErrorCode::not_found, "load face model '" + (dir / name).string() + "': no such file");
  }
  return {};
}

float overlap(const Box& a, const Box& b) noexcept {
  const auto width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const auto height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const auto common = width * height;
  return common / (a.width * a.height + b.width * b.height - common);
}

std::string_view answering_version(const FaceOptions& options) noexcept {
  if (!options.enabled) return {};
  return options.mobile ? fused_version : model_version;
}

std::vector<std::string> model_versions(const FaceOptions& options) {
  std::vector<std::string> versions{"rfb-320", "landmark-68", std::string(model_version)};
  if (options.mobile) versions.emplace_back(mobile_version);
  return versions;
}

std::filesystem::path default_model_dir() {
  if (const auto* named = std::getenv("PORCHLIGHT_MODELS")) return named;
  const std::filesystem::path installed = "/usr/share/porchlight/models";
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& dir : {program / "models", program / "../share/porchlight/models"}) {
    if (std::filesystem::exists(dir / "resnet.onnx", error)) return dir.lexically_normal();
  }
  return installed;
}

Result<std::unique_ptr<FaceEngine>> FaceEngine::create(const std::filesystem::path& model_dir,
                                                       const FaceOptions& options,
                                                       telemetry::Metrics* metrics) {
  if (auto found = check_models(model_dir, options); !found) return std::move(found).error();
  return guarded("load face models", [&]() -> Result<std::unique_ptr<FaceEngine>> {
    pin_foreign_pools(options.threads);
    std::unique_ptr<FaceEngine> engine(
        new FaceEngine(std::make_unique<EngineParts>(model_dir, options, metrics)));
    // Parsing leaves twice the models' size behind on the heap's free lists.
    ::malloc_trim(0);
    return engine;
  });
}

FaceEngine::FaceEngine(std::unique_ptr<EngineParts> parts) : parts_(std::move(parts)) {}
FaceEngine::~FaceEngine() = default;
const FaceOptions& FaceEngine::options() const noexcept {
  return parts_->options;
}

void FaceEngine::works_for(const event::TraceContext& trace) noexcept {
  parts_->instruments.trace = trace.trace_id;
}

std::vector<Face> EngineParts::detect(const media::Image& bgr) {
  return instruments.detected([&] {
    cv::Mat rgb;
    const bool shrinks = bgr.width > Detector::input_width * 2;
    cv::resize(view(bgr), rgb, {Detector::input_width, Detector::input_height}, 0, 0,
               shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
    cv::cvtColor(rgb, rgb, cv::COLOR_BGR2RGB);
    return detector.detect(rgb, bgr.width, bgr.height);
  });
}

Result<std::vector<Face>> FaceEngine::detect(const media::Image& image) {
  return guarded("detect faces", [&]() -> Result<std::vector<Face>> {
    return at_least(parts_->detect(image), parts_->options.min_size);
  });
}

Result<std::vector<Face>> FaceEngine::detect(const media::Frame& frame) {
  auto faces = detect_any(frame);
  if (!faces) return faces;
  return at_least(std::move(*faces), parts_->options.min_size);
}

Result<std::vector<Face>> FaceEngine::detect_any(const media::Frame& frame) {
  return guarded("detect faces", [&]() -> Result<std::vector<Face>> {
    auto& rgb = parts_->whole_image;
    const auto scaled = parts_->whole.scale(frame, Detector::input_width, Detector::input_height, rgb);
    if (!scaled) return scaled.error();
    return parts_->instruments.detected(
        [&] { return parts_->detector.detect(view(rgb), frame.width, frame.height); });
  });
}

Result<Chip> FaceEngine::align(const media::Image& image, const Face& face) {
  return guarded("align face", [&]() -> Result<Chip> {
    return parts_->instruments.measured(Step::align,
                                        [&] { return parts_->aligner.align(view(image), face.box); });
  });
}

Result<Chip> FaceEngine::align(const media::Frame& frame, const Face& face) {
  return guarded("align face", [&]() -> Result<Chip> {
    const auto wanted = surroundings(frame, face.box);
    auto& bgr = parts_->part_image;
    const auto region = parts_->part.scale(frame, wanted.width, wanted.height, bgr, wanted);
    if (!region) return region.error();
    auto box = face.box;
    box.x -= static_cast<float>(region->x);
    box.y -= static_cast<float>(region->y);
    return parts_->instruments.measured(Step::align, [&] { return parts_->aligner.align(view(bgr), box); });
  });
}

Result<Embedding> FaceEngine::embed(const Chip& chip) {
  return guarded("embed face", [&]() -> Result<Embedding> {
    Embedding embedding;
    embedding.resnet =
        parts_->instruments.measured(Step::embed, [&] { return parts_->embedder.run_averaged(chip.rgb); });
    if (parts_->mobile)
      embedding.mobile = parts_->instruments.measured(
          Step::embed_second, [&] { return parts_->mobile->run_averaged(chip.second_rgb); });
    return embedding;
  });
}

}  // namespace porchlight::vision
