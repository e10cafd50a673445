// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "porchlight/media/picture.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::vision {

// Follows a box from picture to picture between two detections (dlib's correlation tracker). Boxes are
// in the coordinates of the grey picture.
class BoxTracker {
 public:
  BoxTracker();
  BoxTracker(BoxTracker&&) noexcept;
  BoxTracker& operator=(BoxTracker&&) noexcept;
  ~BoxTracker();

  void start(const media::Image& grey, const Box& box);
  // Where the box is now; nothing when not started or when the track is too weak to be believed.
  std::optional<Box> update(const media::Image& grey);

 private:
  struct Filter;
  std::unique_ptr<Filter> filter_;
};

}  // namespace porchlight::vision
