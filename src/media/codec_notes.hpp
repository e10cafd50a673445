// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "porchlight/media/picture_memory.hpp"

struct AVCodecContext;

namespace porchlight::media {

// What libavcodec tells us of one decoder through callbacks. AVCodecContext has one pointer for its user
// (`opaque`), and it points at this and nothing else.
struct CodecNotes {
  explicit CodecNotes(std::shared_ptr<PictureMemory> counted) : memory(std::move(counted)) {}

  std::atomic<std::uint64_t> missing{0};        // references to pictures that are not there; H.265 only
  const std::shared_ptr<PictureMemory> memory;  // may be null
};

// For a decoder that is not open yet, with its codec_id set. The notes outlive it; pictures may outlive both.
// After silence_libav().
void keep_notes(AVCodecContext& codec, CodecNotes& notes) noexcept;

// Any of libavcodec's contexts, from its log callback; one without notes is none of ours.
void note_missing_reference(const AVCodecContext& codec) noexcept;

}  // namespace porchlight::media
