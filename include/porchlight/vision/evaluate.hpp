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
//   engine's), ms_per_face (detect, align and embed, without reading the file); and
//   embedders, persons (pictures that lines with 1 connect are one person's), contradictions (lines with 0
//   between them), threshold_from (`other half` of the people for both tar_at_far, or `same pairs` when a
//   half lacks pairs of a kind), far_held_out_1e-2, far_held_out_1e-3 (false accepts at those thresholds),
//   half_total_error (at the other half's equal-error threshold), and for each rate its NAME_ci95: [low,
//   high], a bootstrap over persons (`bootstrap`).
// A wrong line is ErrorCode::invalid_argument and named; an unreadable picture is its read error.
Result<std::string> evaluate_pairs(FaceEngine& engine, const std::filesystem::path& csv);

}  // namespace porchlight::vision
