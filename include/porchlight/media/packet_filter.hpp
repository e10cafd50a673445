// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "porchlight/media/av.hpp"

namespace porchlight::media {

// One of libavcodec's bitstream filters that gives one packet for one.
class PacketFilter {
 public:
  static Result<PacketFilter> create(const char* name, const AVCodecParameters& parameters);

  // The packet's times stay. `extradata`, if not null: what the filter found of it.
  Result<AvPacket> filter(const AVPacket& packet, std::vector<std::uint8_t>* extradata = nullptr);

 private:
  struct Deleter {
    void operator()(AVBSFContext* context) const noexcept;
  };
  explicit PacketFilter(AVBSFContext* context) : context_(context) {}
  std::unique_ptr<AVBSFContext, Deleter> context_;
};

}  // namespace porchlight::media
