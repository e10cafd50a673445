// SPDX-License-Identifier: Apache-2.0
#include "vision/degraded.hpp"

#include <opencv2/imgproc.hpp>

namespace porchlight::vision {
namespace {

cv::Mat mat(media::Image& image) {
  return {image.height, image.width, CV_8UC3, image.pixels.data(), image.stride};
}

}  // namespace

media::Image blurred(const media::Image& image, double sigma) {
  auto out = image;
  auto pixels = mat(out);
  cv::GaussianBlur(pixels, pixels, {0, 0}, sigma);
  return out;
}

media::Image lit(const media::Image& image, double by) {
  auto out = image;
  auto pixels = mat(out);
  pixels.convertTo(pixels, -1, by);
  return out;
}

media::Image degraded(event::Refusal fault) {
  switch (fault) {
    case event::Refusal::too_small:
      return resized(visitor_at_door(), 60, 60);  // the face is about 34 pixels high
    case event::Refusal::blurred:
      return blurred(visitor_at_door(), 8);
    case event::Refusal::turned:
      return crop(sample(2), 200, 60, 480, 480);
    case event::Refusal::dark:
      return lit(visitor_at_door(), 0.2);
    case event::Refusal::bright:
      return lit(visitor_at_door(), 2.5);
    case event::Refusal::cut_by_border:
      return crop(visitor_at_door(), 0, 0, 344, 630);  // of the face, which ends at 432
  }
  return visitor_at_door();
}

}  // namespace porchlight::vision
