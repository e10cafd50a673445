// SPDX-License-Identifier: Apache-2.0
#include "media/codec_notes.hpp"

#include <cstdint>
#include <memory>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/buffer.h>
#include <libavutil/frame.h>
}

namespace porchlight::media {
namespace {

struct Counted {
  AVBufferRef* inner = nullptr;  // of libav's pool
  std::size_t bytes = 0;
  std::shared_ptr<PictureMemory> memory;
};

// Whoever lets go of a picture last, on whatever thread.
void uncount(void* opaque, std::uint8_t*) {
  const std::unique_ptr<Counted> counted(static_cast<Counted*>(opaque));
  counted->memory->remove(counted->bytes);
  av_buffer_unref(&counted->inner);
}

// Puts a buffer of ours around the pool's, over the same bytes. False when out of memory.
bool wrap(AVBufferRef*& buffer, const std::shared_ptr<PictureMemory>& memory) {
  auto counted = std::make_unique<Counted>(Counted{buffer, buffer->size, memory});
  auto* outer = av_buffer_create(buffer->data, buffer->size, uncount, counted.get(), 0);
  if (outer == nullptr) return false;
  memory->add(counted->bytes);
  counted.release();  // NOLINT(bugprone-unused-return-value): the buffer has it now
  buffer = outer;
  return true;
}

int counted_buffers(AVCodecContext* codec, AVFrame* picture, int flags) {
  if (const int fault = avcodec_default_get_buffer2(codec, picture, flags); fault < 0) return fault;
  const auto& memory = static_cast<const CodecNotes*>(codec->opaque)->memory;
  for (auto& buffer : picture->buf) {
    if (buffer == nullptr || wrap(buffer, memory)) continue;
    av_frame_unref(picture);
    return AVERROR(ENOMEM);
  }
  return 0;
}

}  // namespace

void keep_notes(AVCodecContext& codec, CodecNotes& notes) noexcept {
  codec.opaque = &notes;
  if (notes.memory) codec.get_buffer2 = counted_buffers;
}

// H.264's decoder complains in the same words of what its return codes tell anyway.
void note_missing_reference(const AVCodecContext& codec) noexcept {
  if (codec.codec_id != AV_CODEC_ID_HEVC || codec.opaque == nullptr) return;
  static_cast<CodecNotes*>(codec.opaque)->missing.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace porchlight::media
