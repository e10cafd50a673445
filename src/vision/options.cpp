// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/options.hpp"

#include <algorithm>

namespace porchlight::vision {
namespace {

constexpr std::int64_t most_threads = 16;

bool is_auto(config::Section& faces) {
  return !faces.has("threshold") || faces.text("threshold", "auto") == "auto";
}

void read_threshold(config::Section& faces, FaceOptions& options) {
  options.auto_threshold = is_auto(faces);
  if (!options.auto_threshold)
    options.threshold = static_cast<float>(faces.number("threshold", default_threshold, 0.1, 1.0));
  options.false_accept_rate = faces.number("false_accept_rate", options.false_accept_rate, 1e-5, 0.1);
}

// Whether the second embedder is among them.
bool read_embedders(config::Section& faces) {
  if (!faces.has("embedders")) return false;
  const auto names = faces.text_list("embedders");
  const auto times = [&](const char* name) { return std::count(names.begin(), names.end(), name); };
  for (const auto& name : names)
    if (name != "resnet" && name != "mobile")
      faces.fault("embedders", "unknown embedder '" + name + "': [resnet] or [resnet, mobile]");
  if (times("resnet") != 1 || times("mobile") > 1)
    faces.fault("embedders", "'resnet' must be among them, each once: [resnet] or [resnet, mobile]");
  return times("mobile") == 1;
}

}  // namespace

FaceOptions read_options(config::Section faces) {
  FaceOptions options;
  options.enabled = faces.boolean("enabled", options.enabled);
  read_threshold(faces, options);
  options.min_size = static_cast<int>(faces.integer("min_size", options.min_size, 20, 1000));
  options.threads = static_cast<int>(faces.integer("threads", options.threads, 1, most_threads));
  options.unload_after = faces.duration("unload_after", options.unload_after, std::chrono::milliseconds(0),
                                        std::chrono::hours(24 * 7));
  options.mobile = read_embedders(faces);
  return options;
}

}  // namespace porchlight::vision
