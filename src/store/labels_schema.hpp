// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace porchlight::store {

// The migration that adds what people said about who was seen. A forgotten person leaves the outcome, which
// says of nobody that he was there.
inline constexpr const char* labels_schema = R"sql(
CREATE TABLE recognition_labels (
  event_id      TEXT PRIMARY KEY NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  model_version TEXT NOT NULL,
  outcome       TEXT NOT NULL CHECK (outcome IN
                  ('true_positive', 'false_positive', 'false_negative', 'true_negative')),
  said          TEXT NOT NULL CHECK (said IN ('person', 'not_person', 'stranger')),
  person_id     INTEGER REFERENCES persons (id) ON DELETE SET NULL,
  at_ms         INTEGER NOT NULL,
  CHECK (person_id IS NULL OR said = 'person')
) STRICT, WITHOUT ROWID;

-- For the SET NULL of a person who is forgotten.
CREATE INDEX recognition_labels_by_person ON recognition_labels (person_id);
)sql";

}  // namespace porchlight::store
