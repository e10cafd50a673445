// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "store/migration.hpp"

namespace porchlight::store {

// footage.db. Times are milliseconds of CLOCK_MONOTONIC in a boot; wall times are worked out from the boot's
// zero, so that one number moves all rows of a boot. (boot, begin_ms) is the order of time. What matters
// stands in an index, too: where the two differ, the file is damaged, and is made anew.
inline constexpr const char* footage_version_1 = R"sql(
CREATE TABLE boots (
  boot        INTEGER PRIMARY KEY,
  boot_id     TEXT NOT NULL UNIQUE,
  believed_ms INTEGER,  -- what the clock said
  zero_ms     INTEGER   -- the same, moved back as far as the boots after it want
) STRICT;
CREATE INDEX boots_by_zero ON boots (zero_ms, believed_ms);

CREATE TABLE segments (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  camera       TEXT NOT NULL,
  file         TEXT NOT NULL UNIQUE,
  state        INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
  boot         INTEGER NOT NULL,
  begin_ms     INTEGER NOT NULL,
  end_ms       INTEGER NOT NULL CHECK (end_ms >= begin_ms),
  bytes        INTEGER NOT NULL,
  frames       INTEGER NOT NULL,
  crc          INTEGER NOT NULL,
  codec        TEXT NOT NULL,
  audio_codec  TEXT NOT NULL,
  width        INTEGER NOT NULL,
  height       INTEGER NOT NULL,
  is_protected INTEGER NOT NULL CHECK (is_protected IN (0, 1)),
  of_event     INTEGER NOT NULL CHECK (of_event IN (0, 1))
) STRICT;
CREATE INDEX segments_by_camera ON segments (camera, boot, begin_ms);
CREATE INDEX segments_by_time ON segments (boot, begin_ms);
CREATE INDEX segments_by_end ON segments (boot, end_ms);
CREATE INDEX segments_by_class ON segments (of_event, boot, begin_ms)
  WHERE state IN (1, 2) AND is_protected = 0;
CREATE INDEX segments_unsettled ON segments (state) WHERE state IN (0, 3);

CREATE TABLE gaps (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  camera   TEXT NOT NULL,
  cause    TEXT NOT NULL,
  detail   TEXT NOT NULL,
  boot     INTEGER NOT NULL,
  begin_ms INTEGER NOT NULL,
  end_boot INTEGER,
  end_ms   INTEGER,
  CHECK ((end_boot IS NULL) = (end_ms IS NULL)),
  CHECK (end_boot IS NULL OR (end_boot, end_ms) >= (boot, begin_ms))
) STRICT;
CREATE INDEX gaps_by_camera ON gaps (camera, boot, begin_ms);
CREATE INDEX gaps_by_time ON gaps (boot, begin_ms);
CREATE INDEX gaps_by_end ON gaps (end_boot, end_ms);

CREATE TABLE spans (
  event    TEXT NOT NULL CHECK (length(event) = 36),
  camera   TEXT NOT NULL,
  boot     INTEGER NOT NULL,
  begin_ms INTEGER NOT NULL,
  end_boot INTEGER NOT NULL,
  end_ms   INTEGER NOT NULL,
  PRIMARY KEY (event, camera)
) STRICT, WITHOUT ROWID;
CREATE INDEX spans_by_end ON spans (camera, end_boot, end_ms);

CREATE TABLE volume (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  id       TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE run (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  ended    INTEGER NOT NULL CHECK (ended IN (0, 1)),
  boot     INTEGER NOT NULL,
  alive_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX run_by_all ON run (ended, boot, alive_ms);
)sql";

inline constexpr std::array footage_migrations{Migration{footage_version_1}};

}  // namespace porchlight::store
