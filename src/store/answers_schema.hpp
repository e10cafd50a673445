// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace porchlight::store {

// The migration that adds what people answered to events, and the alerts of Alertmanager that were taken in.
// Only one acknowledges an event; each may say one thing to it. An alert's event is committed after its row.
inline constexpr const char* answers_schema = R"sql(
CREATE TABLE acknowledgements (
  event_id TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  kind     TEXT NOT NULL CHECK (kind IN ('acknowledge', 'reply')),
  who      TEXT NOT NULL,
  at_ms    INTEGER NOT NULL,
  text     TEXT NOT NULL CHECK ((text = '') = (kind = 'acknowledge')),
  PRIMARY KEY (event_id, kind, who)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX acknowledged_once ON acknowledgements (event_id) WHERE kind = 'acknowledge';

CREATE TABLE alerts (
  fingerprint TEXT NOT NULL,
  status      TEXT NOT NULL CHECK (status IN ('firing', 'resolved')),
  starts_ms   INTEGER NOT NULL,
  seen_ms     INTEGER NOT NULL,
  event_id    TEXT NOT NULL CHECK (length(event_id) = 36),
  PRIMARY KEY (fingerprint, status, starts_ms)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace porchlight::store
