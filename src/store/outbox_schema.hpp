// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace porchlight::store {

// Messages know what the other side calls them, why they have failed, and that they were withdrawn or sent
// again. A CHECK cannot be changed, so the table is made anew. One index of what waits answers what is due
// on a channel and how deep and old its backlog is without looking at the rows; another finds dead letters.
inline constexpr const char* outbox_schema = R"sql(
CREATE TABLE outbox_with_words (
  event_id        TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  channel         TEXT NOT NULL,
  sequence        INTEGER NOT NULL,
  type            TEXT NOT NULL,
  label           TEXT NOT NULL,
  payload         TEXT NOT NULL,
  picture         INTEGER NOT NULL CHECK (picture IN (0, 1)),
  traceparent     TEXT NOT NULL,
  happened_ms     INTEGER NOT NULL,
  created_ms      INTEGER NOT NULL,
  next_attempt_ms INTEGER NOT NULL,
  expires_ms      INTEGER NOT NULL,
  attempts        INTEGER NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed', 'expired', 'cancelled')),
  settled_ms      INTEGER CHECK ((settled_ms IS NULL) = (state = 'pending')),
  receipt         TEXT,
  error           TEXT,
  resent          INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (event_id, channel, sequence)
) STRICT, WITHOUT ROWID;

INSERT INTO outbox_with_words (event_id, channel, sequence, type, label, payload, picture, traceparent,
                               happened_ms, created_ms, next_attempt_ms, expires_ms, attempts, state,
                               settled_ms)
SELECT event_id, channel, sequence, type, label, payload, picture, traceparent, happened_ms, created_ms,
       next_attempt_ms, expires_ms, attempts, state, settled_ms FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_with_words RENAME TO outbox;

CREATE INDEX outbox_pending ON outbox (channel, next_attempt_ms, attempts, created_ms) WHERE state = 'pending';
CREATE INDEX outbox_dead ON outbox (channel, settled_ms) WHERE state IN ('failed', 'expired');
)sql";

}  // namespace porchlight::store
