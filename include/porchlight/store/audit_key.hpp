// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "porchlight/base/result.hpp"

namespace porchlight::store {

// The key of the audit log's chain. Its bytes are never printed.
struct AuditKey {
  std::string bytes;   // empty: there is none, and the chain is plain SHA-256
  std::string source;  // the file it came from; empty without a key
};

// The first that is there: $CREDENTIALS_DIRECTORY/audit.key, /etc/porchlight/credentials/audit.key when
// we may read it, `<folder>/audit.key`. `folder` is storage.path. No key is no error: bytes are empty.
Result<AuditKey> find_audit_key(const std::filesystem::path& folder);

// The same, and makes `<folder>/audit.key` (0600, 32 random bytes, synced) when there is none yet. Two
// that make it at the same time get the same one.
Result<AuditKey> find_or_make_audit_key(const std::filesystem::path& folder);

}  // namespace porchlight::store
