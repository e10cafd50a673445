// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "record/segment_file.hpp"

namespace porchlight::record {

// Bytes of a segment, wherever they lie: of a file, or of a fuzzer. Reads the whole span or fails.
struct SegmentBytes {
  std::uint64_t size = 0;
  std::function<Status(std::uint64_t at, std::span<std::uint8_t> into)> read;
};
// `fd` is the caller's and outlives it.
SegmentBytes bytes_of(int fd, std::uint64_t size);

enum class Beginning : std::uint8_t {
  whole,    // of ours
  cut,      // of ours as far as it goes, and it does not go far enough (or zeros follow)
  foreign,  // something else
};

struct SegmentLook {
  Beginning beginning = Beginning::foreign;
  ScannedSegment segment;
  std::vector<std::uint64_t> begins;  // of the whole fragments, in order
  std::uint64_t fragments_end = 0;
};
// Errors: those of `read`.
Result<SegmentLook> look_at(const SegmentBytes& bytes);

// CRC-32 of the first so many bytes.
Result<std::uint32_t> checksum(const SegmentBytes& bytes, std::uint64_t size);

// Whether something that is a whole fragment by its boxes begins behind `from`.
Result<bool> has_fragment_behind(const SegmentBytes& bytes, std::uint64_t from);

// Whether what begins `at` begins with a page that never reached the disk: nothing but zeros stand there, or
// in a page that begins within the head of a fragment.
Result<bool> is_lost(const SegmentBytes& bytes, std::uint64_t at);

// Whether a page of the file within [from, to) holds nothing but zeros, which no coded medium does: it never
// reached the disk.
Result<bool> has_hole(const SegmentBytes& bytes, std::uint64_t from, std::uint64_t to);

}  // namespace porchlight::record
