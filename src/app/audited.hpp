// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/store/audit_log.hpp"
#include "porchlight/store/database.hpp"

namespace porchlight::app {

// Whoever runs this command, as the kernel knows it.
store::AuditActor local_actor();

// The audit log of a command, over its database.
Result<std::unique_ptr<store::AuditLog>> open_audit_log(const std::filesystem::path& folder,
                                                        store::Database& database, const Clock& clock);

// A privileged act: it is done only once its record is on the medium, and recorded again with what
// became of it.
template <class Act>
Status audited(store::AuditLog& log, store::DataModification event, Act act) {
  event.result = store::AuditResult::begun;
  if (auto status = log.append({event, local_actor(), {}}, store::Durability::synced); !status)
    return std::move(status).error().context("not done, because it cannot be recorded");
  Status outcome = act();
  event.result = outcome ? store::AuditResult::success : store::AuditResult::failure;
  auto status = log.append({std::move(event), local_actor(), {}}, store::Durability::synced);
  if (!outcome || status) return outcome;
  return std::move(status).error().context("done, but its outcome could not be recorded");
}

}  // namespace porchlight::app
