// SPDX-License-Identifier: Apache-2.0
#include "http/access_log.hpp"

#include <string>

namespace porchlight::http {
namespace {

// What a browser says of itself fits; the rest of a longer one says nothing more.
constexpr std::size_t agent_bytes = 256;
// As other servers write it: the client left, or was left, before there was an answer.
constexpr int without_answer = 499;

telemetry::Fields fields_of(const AccessLog::Entry& entry) {
  const auto& request = entry.request;
  const bool local = request.peer.listener == Listener::unix_socket;
  telemetry::Fields fields{
      {"bytes", static_cast<std::int64_t>(entry.bytes)},
      {"request_id", request.request_id},
      {"ip_address", local ? std::string("local") : request.peer.address},
  };
  if (!request.correlation_id.empty()) fields.push_back({"correlation_id", request.correlation_id});
  if (!request.asker.empty()) fields.push_back({"user_id", request.asker});
  if (!request.session.empty()) fields.push_back({"session_id", request.session});
  if (entry.aborted) fields.push_back({"aborted", true});
  return fields;
}

// `porchlight` asks what is: on the control socket, which the machine's administrator alone has.
bool is_own_look(const Request& request) noexcept {
  return request.peer.listener == Listener::unix_socket && request.method == Method::get;
}

telemetry::Logger::Answered answered(const AccessLog::Entry& entry) {
  return {.method = std::string(to_string(entry.request.method)),
          .path = entry.route == nullptr ? std::string("unmatched") : entry.route->path,
          .status = entry.status == 0 ? without_answer : entry.status,
          .took = entry.took,
          .user_agent = std::string(entry.request.header("user-agent").substr(0, agent_bytes))};
}

}  // namespace

void AccessLog::write(const Entry& entry) const {
  if (!on_) return;
  const bool ours = entry.status >= 500;
  const auto log = (ours ? log_ : part_).with(entry.request.trace);
  // Probes and scrapes come every few seconds, for ever; who follows the log would follow himself.
  const bool routine =
      entry.route != nullptr && (is_monitoring_path(entry.route->path) || is_own_look(entry.request));
  log.request(routine ? telemetry::Level::debug : telemetry::Level::info, answered(entry), fields_of(entry));
}

}  // namespace porchlight::http
