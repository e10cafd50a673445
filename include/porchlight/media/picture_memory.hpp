// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>

namespace porchlight::media {

// Bytes of decoded pictures in use: what a decoder keeps as references and what it delivered, together, each
// picture once. What lies unused in libav's pools is not among them. Any thread; relaxed, the number is the
// message.
class PictureMemory {
 public:
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  void add(std::size_t bytes) noexcept { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void remove(std::size_t bytes) noexcept { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace porchlight::media
