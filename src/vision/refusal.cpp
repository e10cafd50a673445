// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/refusal.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace porchlight::vision {
namespace {

using event::Refusal;

// A part of the quality, and what it must have at least, however good the others are: beyond it the embedding
// shows the fault more than the face. docs/faces.md says where the numbers come from.
struct Part {
  Refusal reason;
  float value;
  float least;

  float of_least() const { return value / least; }
};

// The size's own limit is looked at before.
std::array<Part, 6> parts_of(const Chip& chip) {
  return {Part{Refusal::too_small, chip.size, 1e-3F}, Part{Refusal::cut_by_border, chip.inside, 0.83F},
          Part{Refusal::dark, chip.dark, 0.5F},       Part{Refusal::bright, chip.bright, 0.25F},
          Part{Refusal::turned, chip.frontal, 0.2F},  Part{Refusal::blurred, chip.sharpness, 0.12F}};
}

std::string too_small(const Box& box, int min_size) {
  auto text = "the face is too small: " + std::to_string(std::lround(box.height)) + " pixels high";
  if (box.height < static_cast<float>(min_size)) text += ", needed are " + std::to_string(min_size);
  return text;
}

Refused refused(Refusal reason, const Box& box, int min_size) {
  switch (reason) {
    case Refusal::too_small:
      return {reason, too_small(box, min_size)};
    case Refusal::blurred:
      return {reason, "the face is blurred"};
    case Refusal::turned:
      return {reason, "the face is turned away from the camera"};
    case Refusal::dark:
      return {reason, "the face is too dark"};
    case Refusal::bright:
      return {reason, "the face is too bright, its light parts are burnt out"};
    case Refusal::cut_by_border:
      break;
  }
  return {Refusal::cut_by_border, "the face is cut off by the picture's border"};
}

}  // namespace

std::optional<Refused> refusal_of_size(const Box& box, int min_size) {
  if (box.height >= static_cast<float>(min_size)) return std::nullopt;
  return refused(Refusal::too_small, box, min_size);
}

std::optional<Refused> refusal_of(const Chip& chip, const Box& box, int min_size, float least) {
  // Of a face that small nothing else can be told.
  if (auto small = refusal_of_size(box, min_size)) return small;
  const auto parts = parts_of(chip);
  const auto worst = std::ranges::min_element(parts, {}, &Part::of_least);
  if (worst->of_least() < 1) return refused(worst->reason, box, min_size);
  if (chip.quality >= least) return std::nullopt;
  // Each would do alone; the smallest factor is the one to mend.
  return refused(std::ranges::min_element(parts, {}, &Part::value)->reason, box, min_size);
}

Identity identify(const Gallery& gallery, const Shot& shot, float threshold) {
  if (shot.refused) return identify(Gallery(), shot.embedding, threshold);
  return identify(gallery, shot.embedding, threshold);
}

}  // namespace porchlight::vision
