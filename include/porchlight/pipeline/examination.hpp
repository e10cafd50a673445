// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/media/picture.hpp"
#include "porchlight/vision/face_engine.hpp"
#include "porchlight/vision/gallery.hpp"

namespace porchlight::pipeline {

// Which faces of a photograph are asked for. `only` and `largest` refuse as FaceEngine::enrol_photo.
enum class FaceWanted : std::uint8_t { only, largest, every };

struct ExaminedFace {
  vision::Shot shot;
  vision::Box place;          // in parts of the picture's width and height
  vision::Identity identity;  // by the gallery of that moment
};
using Examined = Result<std::vector<ExaminedFace>>;

// A photograph that is not a camera's, for the vision lane to look at.
struct Examination {
  media::Image photo;  // BGR
  FaceWanted wanted = FaceWanted::every;
  MonotonicTime deadline{};              // not begun after it
  std::function<void(Examined)> answer;  // on the vision thread; must not wait
};

// What the loaded networks make of generated numbers. Empty: none are loaded at this moment.
using Validated = std::vector<vision::FaceEngine::Validated>;

// For the vision lane to do between two looks.
struct ModelValidation {
  std::function<void(Result<Validated>)> answer;  // on the vision thread; must not wait
};

}  // namespace porchlight::pipeline
