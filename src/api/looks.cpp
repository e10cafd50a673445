// SPDX-License-Identifier: Apache-2.0
#include "api/looks.hpp"

namespace porchlight::api {

void Looks::note(const http::Request& request, const Caller& caller) {
  note(request, caller, request.path);
}

void Looks::note(const http::Request& request, const Caller& caller, const std::string& thing) {
  const auto look = caller.name + '\n' + request.peer.address + '\n' + thing;
  if (!noted_.is_new(look)) return;
  const auto status = accounts_.audit({.kind = AuditRecord::Kind::data_access,
                                       .user = caller.name,
                                       .ip_address = request.peer.address,
                                       .user_agent = std::string(request.header("user-agent")),
                                       .success = true,
                                       .resource = thing,
                                       .operation = "view"});
  if (!status) noted_.forget(look);
}

}  // namespace porchlight::api
