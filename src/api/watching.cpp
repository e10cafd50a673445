// SPDX-License-Identifier: Apache-2.0
#include "api/watching.hpp"

#include <chrono>

namespace porchlight::api {
namespace {

void note(Accounts::State& accounts, const Watching& watching, std::optional<std::int64_t> seconds) {
  // What cannot be recorded is counted by whoever records.
  (void)accounts.audit({.kind = AuditRecord::Kind::data_access,
                        .user = watching.caller.name,
                        .ip_address = watching.address,
                        .user_agent = watching.program,
                        .success = true,
                        .resource = watching.resource,
                        .operation = "view",
                        .seconds = seconds});
}

}  // namespace

Watching watching_of(const http::Request& request, const Caller& caller, std::string camera,
                     std::string resource) {
  return {caller,
          std::move(camera),
          std::move(resource),
          request.peer.address,
          std::string(request.header("user-agent")),
          {}};
}

void note_beginning(Accounts::State& accounts, const Watching& watching) {
  note(accounts, watching, std::nullopt);
}

void note_end(Accounts::State& accounts, const Watching& watching, MonotonicTime now) {
  note(accounts, watching, std::chrono::floor<std::chrono::seconds>(now - watching.begun).count());
}

}  // namespace porchlight::api
