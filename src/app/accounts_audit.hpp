// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "porchlight/api/accounts.hpp"
#include "porchlight/store/audit_event.hpp"

namespace porchlight::app {

// An account in the audit log. Not its bare name: forgetting a visitor of the same name must not take the
// account out of the log.
store::AuditValue audited_account(const std::string& name);

// An account route's record in the audit log's words.
store::AuditEntry audit_entry(const api::AuditRecord& record);

}  // namespace porchlight::app
