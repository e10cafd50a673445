// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace porchlight::store {

// The migration that adds accounts. Nothing here opens a door by itself: passwords are Argon2id
// texts, tokens and codes are SHA-256 of long random values, seeds are sealed (see AccountsKey).
// AUTOINCREMENT: a deleted account's number must never name another one, tokens carry it.
inline constexpr const char* accounts_schema = R"sql(
CREATE TABLE users (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  name           TEXT NOT NULL UNIQUE,
  role           TEXT NOT NULL CHECK (role IN ('admin', 'user', 'viewer', 'monitor')),
  all_cameras    INTEGER NOT NULL CHECK (all_cameras IN (0, 1)),
  disabled       INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  password       TEXT NOT NULL,
  created_ms     INTEGER NOT NULL,
  totp_seed      BLOB,
  totp_active    INTEGER NOT NULL DEFAULT 0 CHECK (totp_active IN (0, 1)),
  totp_last_step INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE user_cameras (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  camera  TEXT NOT NULL,
  PRIMARY KEY (user_id, camera)
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
  user_id   INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  code_hash TEXT NOT NULL CHECK (length(code_hash) = 64),
  PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  token_hash TEXT NOT NULL UNIQUE CHECK (length(token_hash) = 64),
  created_ms INTEGER NOT NULL,
  seen_ms    INTEGER NOT NULL,
  address    TEXT NOT NULL,
  agent      TEXT NOT NULL
) STRICT;

CREATE TABLE tokens (
  id          TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 32),
  kind        TEXT NOT NULL CHECK (kind IN ('api', 'scrape')),
  user_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name        TEXT NOT NULL,
  secret_hash TEXT UNIQUE CHECK ((secret_hash IS NULL) = (kind = 'api')),
  scopes      TEXT NOT NULL,
  created_ms  INTEGER NOT NULL,
  expires_ms  INTEGER CHECK (expires_ms IS NOT NULL OR kind = 'scrape')
) STRICT, WITHOUT ROWID;

CREATE TABLE invitations (
  code_hash   TEXT PRIMARY KEY NOT NULL CHECK (length(code_hash) = 64),
  name        TEXT,
  role        TEXT NOT NULL CHECK (role IN ('admin', 'user', 'viewer', 'monitor')),
  all_cameras INTEGER NOT NULL CHECK (all_cameras IN (0, 1)),
  cameras     TEXT NOT NULL,
  first_run   INTEGER NOT NULL CHECK (first_run IN (0, 1)),
  expires_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace porchlight::store
