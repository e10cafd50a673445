// SPDX-License-Identifier: Apache-2.0
// How the rows of footage.db are read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "porchlight/store/segment_index.hpp"
#include "store/connection.hpp"

namespace porchlight::store {

// `s` is the segment, `b` its boot.
inline constexpr std::string_view segment_columns =
    "s.id, s.camera, s.file, s.state, s.boot, s.begin_ms, s.end_ms, b.zero_ms, s.bytes, s.frames, s.crc, "
    "s.codec, s.audio_codec, s.width, s.height, s.is_protected";
inline constexpr std::string_view from_segments = " FROM segments s JOIN boots b ON b.boot = s.boot ";

// `g` is the gap, `b` the boot in which it begins, `e` the one in which it ends.
inline constexpr std::string_view gap_columns =
    "g.id, g.camera, g.cause, g.detail, g.boot, g.begin_ms, g.end_boot, g.end_ms, b.zero_ms, e.zero_ms";
inline constexpr std::string_view from_gaps =
    " FROM gaps g JOIN boots b ON b.boot = g.boot LEFT JOIN boots e ON e.boot = g.end_boot ";

Result<Segment> segment_of(const Statement& row);
Result<Gap> gap_of(const Statement& row);
Result<std::vector<Segment>> read_segments(Statement& select);
Result<std::vector<Gap>> read_gaps(Statement& select);

inline std::string select_segments(std::string_view rest) {
  return std::string("SELECT ").append(segment_columns).append(from_segments).append(rest);
}
inline std::string select_gaps(std::string_view rest) {
  return std::string("SELECT ").append(gap_columns).append(from_gaps).append(rest);
}

// Whether a span of an event overlaps the segment that the statement calls `segments`.
inline constexpr std::string_view is_of_event = R"sql(
EXISTS (SELECT 1 FROM spans p WHERE p.camera = segments.camera
        AND (p.end_boot, p.end_ms) > (segments.boot, segments.begin_ms)
        AND (p.boot, p.begin_ms) < (segments.boot, segments.end_ms)))sql";

// Inside the caller's transaction: works the zeros of the boots out again, from the newest on.
Status move_zeros(Database::Connection& connection);

}  // namespace porchlight::store
