// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/options.hpp"

namespace porchlight::vision {
namespace {

constexpr std::int64_t most_threads = 16;

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
  options.threads = static_cast<int>(faces.integer("threads", options.threads, 1, most_threads));
  options.unload_after = faces.duration("unload_after", options.unload_after, std::chrono::milliseconds(0),
                                        std::chrono::hours(24 * 7));
  read_embedders(faces);
  return options;
}

}  // namespace porchlight::vision
