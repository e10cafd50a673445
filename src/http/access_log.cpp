// SPDX-License-Identifier: Apache-2.0
#include "http/access_log.hpp"

#include <cmath>
#include <string>

namespace porchlight::http {
namespace {

// What a browser says of itself fits; the rest of a longer one says nothing more.
constexpr std::size_t agent_bytes = 256;
// As other servers write it: the client left, or was left, before there was an answer.
constexpr int without_answer = 499;

double milliseconds(std::chrono::nanoseconds time) {
  return std::round(std::chrono::duration<double, std::micro>(time).count()) / 1000;
}

telemetry::Fields fields_of(const AccessLog::Entry& entry) {
  const auto& request = entry.request;
  const bool local = request.peer.listener == Listener::unix_socket;
  telemetry::Fields fields{
      {"method", std::string(to_string(request.method))},
      {"path", entry.route == nullptr ? std::string("unmatched") : entry.route->path},
      {"status", std::int64_t{entry.status == 0 ? without_answer : entry.status}},
      {"duration_ms", milliseconds(entry.took)},
      {"bytes", static_cast<std::int64_t>(entry.bytes)},
      {"request_id", request.request_id},
      {"ip_address", local ? std::string("local") : request.peer.address},
  };
  if (const auto agent = request.header("user-agent"); !agent.empty())
    fields.push_back({"user_agent", std::string(agent.substr(0, agent_bytes))});
  if (!request.asker.empty()) fields.push_back({"user_id", request.asker});
  if (entry.aborted) fields.push_back({"aborted", true});
  return fields;
}

}  // namespace

void AccessLog::write(const Entry& entry) const {
  if (!on_) return;
  const auto log = log_.with(entry.request.trace);
  // Probes and scrapes come every few seconds, for ever.
  const bool routine = entry.route != nullptr && is_monitoring_path(entry.route->path);
  routine ? log.debug("request", fields_of(entry)) : log.info("request", fields_of(entry));
}

}  // namespace porchlight::http
