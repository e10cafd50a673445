// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>

#include "porchlight/base/result.hpp"

namespace porchlight::vision {

struct ModelProof {
  std::chrono::nanoseconds load{};
  std::chrono::nanoseconds face{};  // to find, align and embed one
};

// Loads the three face models, and the second embedder when `mobile`, and runs each once on a drawn face,
// whose answers are known. not_found: a file is missing; corrupt: one is no model, cannot be run, or answers
// something else, and is named.
Result<ModelProof> prove_models(const std::filesystem::path& model_dir, bool mobile = false);

}  // namespace porchlight::vision
