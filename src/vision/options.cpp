// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/options.hpp"

namespace porchlight::vision {
namespace {

float read_threshold(config::Section& faces) {
  if (!faces.has("threshold") || faces.text("threshold", "auto") == "auto") return default_threshold;
  return static_cast<float>(faces.number("threshold", default_threshold, 0.1, 1.0));
}

void read_embedders(config::Section& faces) {
  if (!faces.has("embedders")) return;
  const auto names = faces.text_list("embedders");
  if (names.empty()) faces.fault("embedders", "needs at least one embedder: [resnet]");
  for (const auto& name : names) {
    if (name != "resnet")
      faces.fault("embedders", "embedder '" + name + "' is not in this version, only 'resnet'");
  }
}

}  // namespace

FaceOptions read_options(config::Section faces) {
  FaceOptions options;
  options.enabled = faces.boolean("enabled", options.enabled);
  options.threshold = read_threshold(faces);
  options.min_size = static_cast<int>(faces.integer("min_size", options.min_size, 20, 1000));
  read_embedders(faces);
  return options;
}

}  // namespace porchlight::vision
