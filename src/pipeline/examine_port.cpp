// SPDX-License-Identifier: Apache-2.0
// Photographs that somebody sends: decoded where they are handed over, examined by the vision lane.
#include <utility>

#include "pipeline/pipeline_state.hpp"
#include "porchlight/media/photo.hpp"

namespace porchlight::pipeline {
namespace {

// A telephone's photograph has up to 24 megapixels. What is kept shows a face of 40 pixels in it still.
constexpr media::PhotoLimits limits{.bytes = std::size_t{16} << 20,
                                    .pixels = 25'000'000,
                                    .progressive_pixels = 12'500'000,
                                    .kept_pixels = 4'000'000};

}  // namespace

void Pipeline::examine(std::string_view file, FaceWanted wanted, MonotonicTime deadline,
                       std::function<void(Examined)> answer) {
  // It waited in a queue, and decoding is the dear part.
  if (state_->clock.now() >= deadline)
    return answer(Error(ErrorCode::timeout, "the photograph waited too long to be looked at"));
  auto photo = media::decode_photo({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()}, limits);
  if (!photo) return answer(std::move(photo).error());
  auto refused = answer;
  if (auto status = state_->vision->examine({std::move(*photo), wanted, deadline, std::move(answer)});
      !status)
    refused(std::move(status).error());
}

}  // namespace porchlight::pipeline
