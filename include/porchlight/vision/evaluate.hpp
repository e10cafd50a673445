// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "porchlight/base/result.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::vision {

// `faces evaluate --pairs FILE.csv`: lines `imageA,imageB,0|1` (1: same person), paths relative to the
// file, empty lines and lines beginning with # skipped. The largest face of an image counts; an image
// without one is a failure to enrol: its pairs are never accepted. Gives one JSON object:
//   pairs, images, failures_to_enrol, eer, tar_at_far_1e-2, tar_at_far_1e-3, tpr_at_default,
//   fpr_at_default (parts of 1; null where pairs of a kind are missing), default_threshold (the
//   engine's), ms_per_face (detect, align and embed, without reading the file).
// A wrong line is ErrorCode::invalid_argument and named; an unreadable picture is its read error.
Result<std::string> evaluate_pairs(FaceEngine& engine, const std::filesystem::path& csv);

}  // namespace porchlight::vision
