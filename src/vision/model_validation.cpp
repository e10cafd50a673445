// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "engine_parts.hpp"
#include "model_record.hpp"

namespace porchlight::vision {
namespace {

using Validated = FaceEngine::Validated;

constexpr float near_enough = 1e-3F;

Result<Validated> validate_one(cv::dnn::Net& network, const ModelRecord& record) {
  const auto begun = std::chrono::steady_clock::now();
  const auto outputs = outputs_of_generated(network, record.shape);
  Validated done{record.network, std::chrono::steady_clock::now() - begun};
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto off = std::abs(outputs[i] - record.outputs[i]);
    // Not a number is not near.
    if (!(off <= near_enough))
      return Error(ErrorCode::corrupt, "run network '" + std::string(record.network) +
                                           "' on generated numbers: its answer is not the recorded one");
    done.difference = std::max(done.difference, off);
  }
  return done;
}

Result<std::vector<Validated>> validate_all(EngineParts& parts) {
  std::vector<std::pair<cv::dnn::Net*, const ModelRecord*>> networks = {
      {&parts.detector.network(), &detector_record},
      {&parts.aligner.network(), &landmarks_record},
      {&parts.embedder.network(), &embedder_record}};
  if (parts.mobile) networks.emplace_back(&parts.mobile->network(), &second_embedder_record);
  std::vector<Validated> all;
  for (const auto& [network, record] : networks) {
    auto one = validate_one(*network, *record);
    if (!one) return std::move(one).error();
    all.push_back(*one);
  }
  return all;
}

}  // namespace

Result<std::vector<Validated>> FaceEngine::validate() {
  return guarded("validate face models", [&] { return validate_all(*parts_); });
}

}  // namespace porchlight::vision
