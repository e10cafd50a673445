// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace porchlight::vision {

// Samples of the small plane are judged in squares of so many by so many.
inline constexpr int cell_side = 8;

// What tells something that moves from everything else that changes a picture. Lengths are samples of the
// small plane (at most 320 × 180), steps are levels of brightness, times are those of the pictures' arrival.
// Each measure against a false alarm has its own switch, so that a test can show what it is good for.
struct MotionTuning {
  // A sample has changed when it is further from the moving average than the camera's noise explains.
  float noise_deviations = 4;  // 0: the noise is not measured
  int least_step = 12;
  int most_step = 48;
  std::chrono::milliseconds average{6'000};  // the moving average's time constant

  // A cell counts when so many of them have changed: noise is scattered, rain is thin.
  int dense = 22;
  // More than this correlation of its samples with the average: the same thing in another light. 2: never.
  float same_structure = 0.6F;
  // So much of the picture changed: that is light, not somebody. 2: never.
  float light_part = 0.5F;
  // Samples that were often like this before (a branch, a blinking lamp) do not count.
  bool remembers = true;

  // Something has moved when it was seen in so many pictures, going somewhere.
  bool follows = true;  // false: whatever changed has moved
  int sightings = 5;

  // After a connection the picture settles: exposure, colours, the first groups of pictures.
  std::chrono::milliseconds settle{1'500};
  bool skips_blank = true;                       // pictures that are one grey, or have grey holes
  std::chrono::milliseconds grey_stays{10'000};  // what is grey for so long is so: no hole in the stream

  std::chrono::milliseconds suspicion{2'500};  // so long something may take to show that it moves
  std::chrono::milliseconds hold{8'000};       // nothing moves for so long: the motion is over
  std::chrono::milliseconds longest{600'000};  // then it ends all the same; what moves on is another
  std::chrono::milliseconds pace{70};          // pictures that follow faster are passed over
};

}  // namespace porchlight::vision
