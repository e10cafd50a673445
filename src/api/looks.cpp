// SPDX-License-Identifier: Apache-2.0
#include "api/looks.hpp"

namespace porchlight::api {

bool Looks::is_new(const std::string& look) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto [known, added] = noted_.try_emplace(look, now);
  if (!added && now - known->second < period) return false;
  known->second = now;
  if (noted_.size() <= remembered) return true;
  std::erase_if(noted_, [now](const auto& entry) { return now - entry.second >= period; });
  // Still too many: forgetting makes more records, never fewer.
  if (noted_.size() > remembered) noted_.clear();
  return true;
}

void Looks::note(const http::Request& request, const Caller& caller) {
  const auto look = caller.name + '\n' + request.peer.address + '\n' + request.path;
  if (!is_new(look)) return;
  const auto status = accounts_.audit({.kind = AuditRecord::Kind::data_access,
                                       .user = caller.name,
                                       .ip_address = request.peer.address,
                                       .user_agent = std::string(request.header("user-agent")),
                                       .success = true,
                                       .resource = request.path,
                                       .operation = "view"});
  if (status) return;
  const std::lock_guard lock(mutex_);
  noted_.erase(look);
}

}  // namespace porchlight::api
