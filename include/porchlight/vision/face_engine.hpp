// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/event/id.hpp"
#include "porchlight/event/refusal.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/media/picture.hpp"
#include "porchlight/telemetry/metrics.hpp"
#include "porchlight/vision/embedding.hpp"
#include "porchlight/vision/options.hpp"

namespace porchlight::vision {

// Values of the metrics' label `model_version`: detector, landmarks, embedder, and the second one where the
// options want it.
std::vector<std::string> model_versions(const FaceOptions& options = {});
// The `model_version` of sightings; empty: nobody is looked for.
std::string_view answering_version(const FaceOptions& options) noexcept;

struct Box {
  float x = 0;  // pixels, left
  float y = 0;  // pixels, top
  float width = 0;
  float height = 0;
};
float overlap(const Box& a, const Box& b) noexcept;  // intersection over union, 0…1

struct Face {
  Box box;
  float score = 0;  // of the detector, 0…1
};

// A face turned upright and scaled to 150 × 150 RGB, and how good a picture of it that is.
struct Chip {
  std::vector<std::uint8_t> rgb;           // 150 × 150 × 3
  std::vector<std::uint8_t> second_rgb{};  // 112 × 112 × 3, for the second embedder; empty without it
  float quality = 0;                       // 0…1: product of all below, each 0…1
  float size = 0;                          // 1 from 110 pixels of face height up
  float sharpness = 0;
  float frontal = 0;  // 1 looks at the camera, 0 in profile
  float dark = 0;     // 1 light enough, 0 black
  float bright = 0;   // 1 nothing burnt out
  float inside = 0;   // part of the face that lies in the picture
};

// Why a face is not compared, with words for people.
struct Refused {
  event::Refusal reason = event::Refusal::too_small;
  std::string words;  // `the face is blurred`
};

struct Shot {
  Face face;
  float quality = 0;
  Embedding embedding{};             // zeros when refused
  std::optional<Refused> refused{};  // refusal.hpp
  bool alone = false;                // its picture shows no other face; known of enrolable_shot() only
};

// What an enrolled photograph leaves behind; the photograph itself is not kept.
struct Enrolment {
  Embedding embedding{};
  Box box;
  float quality = 0;
  std::string photo_sha256;  // of the file, 64 hex digits
  // The face must not be enrolled; there is no embedding.
  std::optional<Refused> refused{};
};

// The folder of the converted models: $PORCHLIGHT_MODELS, `models` beside the program (build tree),
// ../share/porchlight/models from it, /usr/share/porchlight/models: the first that exists.
std::filesystem::path default_model_dir();

struct EngineParts;  // the networks; src/vision/engine_parts.hpp

// Detector, landmarks and embedders with their networks, on one thread: about 45 MB and 60 ms to load; the
// second embedder brings 5 MB of weights more.
// Thread-bound. Nothing of OpenCV or dlib escapes: their exceptions come back as ErrorCode::internal.
class FaceEngine {
 public:
  // `metrics` may be null (command line); else it outlives us. not_found or corrupt names the file.
  static Result<std::unique_ptr<FaceEngine>> create(const std::filesystem::path& model_dir,
                                                    const FaceOptions& options, telemetry::Metrics* metrics);
  ~FaceEngine();
  // Runs each network once on a drawn face whose answers are known. corrupt names the file of `model_dir`
  // that answers something else or nothing.
  Status prove(const std::filesystem::path& model_dir);
  // Runs each network once on generated numbers and holds 16 of its outputs against what the released model
  // gives, to 0.001. corrupt names the network. Counts as no prediction.
  struct Validated {
    std::string_view network;  // detector, landmarks, embedder, second_embedder
    std::chrono::nanoseconds took{};
    float difference = 0;  // the largest
  };
  Result<std::vector<Validated>> validate();
  FaceEngine(const FaceEngine&) = delete;
  FaceEngine& operator=(const FaceEngine&) = delete;

  // Whose trace the metrics show beside the times from now on; all zero: nobody's.
  void works_for(const event::TraceContext& trace) noexcept;

  // Faces of at least options.min_size pixels, best score first, at most 16. Images are BGR.
  Result<std::vector<Face>> detect(const media::Image& image);
  Result<std::vector<Face>> detect(const media::Frame& frame);
  // The same of every size, down to what the detector sees.
  Result<std::vector<Face>> detect_any(const media::Frame& frame);

  Result<Chip> align(const media::Image& image, const Face& face);
  Result<Chip> align(const media::Frame& frame, const Face& face);
  // The mean over the chip and its mirror image, by every embedder of the options.
  Result<Embedding> embed(const Chip& chip);

  // A photograph takes many passes of the detector and two of the embedder a face. Asked between them:
  // false gives up, which is ErrorCode::cancelled. Empty: nobody wants to interrupt.
  using GoOn = std::function<bool()>;
  static constexpr std::size_t faces_of_photo = 16;

  // The largest faces of a photograph file, at most faces_of_photo, the largest first; where none is found at
  // once, large pictures are searched in tiles and tight crops with a border around them. Empty when there is
  // none. Errors as media::read_photo. A face that is worse than usable_shot is there with its refusal.
  Result<std::vector<Shot>> shots_of_photo(const std::filesystem::path& path);
  Result<std::vector<Shot>> shots_of_photo(const media::Image& photo, const GoOn& go_on = {});

  // The largest face of a picture already read, found the same way; nothing when there is none. Never
  // refused: for measuring.
  Result<std::optional<Shot>> largest_shot(const media::Image& photo);

  // For the gallery. Beside the refusals of media::read_photo:
  //   not_found          `no face in the picture`
  //   already_exists     `two faces …`: more than one of comparable size, so whose is it?
  // A face that is no good_shot is no Error but refused.
  Result<Enrolment> enrol_photo(const std::filesystem::path& path);
  // Of a picture already read, with the same errors; `largest` takes the largest of several faces.
  enum class Whose { only, largest };
  Result<Shot> enrolable_shot(const media::Image& photo, Whose whose, const GoOn& go_on = {});

  const FaceOptions& options() const noexcept;
  // What a sighting says it was named by.
  std::string_view version() const noexcept { return options().mobile ? fused_version : model_version; }

 private:
  explicit FaceEngine(std::unique_ptr<EngineParts> parts);
  std::unique_ptr<EngineParts> parts_;
};

}  // namespace porchlight::vision
