// SPDX-License-Identifier: Apache-2.0
// Pictures that are computed here, exactly as a test wants them: no codec in between.
#pragma once

#include <functional>
#include <vector>

#include "porchlight/media/packet.hpp"

namespace porchlight::vision::test {

// Brightness of the sample (x, y) of a picture of 320 × 180 at `t` seconds.
using Scene = std::function<int(int x, int y, double t)>;

// Edges in every cell, in the little noise of a camera by day.
int stripes(int x, int y, double t);
int black(int x, int y, double t);
// Something plain and dark of 32 × 64 samples at (left(t), 80) before `behind`; left of −32: not there.
Scene box(std::function<double(double)> left, Scene behind = stripes);

media::FramePtr painted(const Scene& scene, double t, bool keyframe = true, int width = 320,
                        int height = 180);
// 10 pictures a second, a keyframe every 2 s, arriving from 1000 s on.
std::vector<media::FramePtr> film(const Scene& scene, double from, double until);

}  // namespace porchlight::vision::test
