// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "porchlight/media/av.hpp"

struct AVStream;

namespace porchlight::record {

// Puts a stream's parameter sets before each of its keyframes (ITU-T H.264 and H.265, Annex B), for a file
// in whose course they change. Other codecs carry theirs in each picture and pass untouched. Thread-bound.
class AnnexB {
 public:
  static Result<AnnexB> create(const AVStream& stream);

  const AVCodecParameters& parameters() const noexcept;
  Status apply(AVPacket& packet);

 private:
  struct Release {
    void operator()(AVBSFContext* filter) const noexcept;
  };
  using Filter = std::unique_ptr<AVBSFContext, Release>;
  explicit AnnexB(Filter filter) : filter_(std::move(filter)) {}
  Filter filter_;
};

}  // namespace porchlight::record
