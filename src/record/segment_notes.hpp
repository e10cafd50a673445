// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "boxes.hpp"
#include "record/segment_file.hpp"

namespace porchlight::record {

// The two boxes of ours: `uuid`, one of these types, JSON. docs/storage.md describes them.
using BoxUuid = std::array<std::uint8_t, 16>;
inline constexpr BoxUuid head_uuid{0x5a, 0x1c, 0x6e, 0x0b, 0x7d, 0x3f, 0x4b, 0x52,
                                   0x9e, 0x64, 0x21, 0xd8, 0x0f, 0xb7, 0xc3, 0x01};
inline constexpr BoxUuid tail_uuid{0x5a, 0x1c, 0x6e, 0x0b, 0x7d, 0x3f, 0x4b, 0x52,
                                   0x9e, 0x64, 0x21, 0xd8, 0x0f, 0xb7, 0xc3, 0x02};
// Of a whole box. What says that it is larger is not read.
inline constexpr std::uint64_t longest_note = 4096;

std::string head_box(const SegmentHead& head);
std::string tail_box(const SegmentTail& tail);

// From the body of a `uuid` box. Nothing: of another type, or not what we write, byte by byte.
std::optional<SegmentHead> parse_head(Bytes body);
std::optional<SegmentTail> parse_tail(Bytes body);

}  // namespace porchlight::record
