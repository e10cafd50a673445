// SPDX-License-Identifier: Apache-2.0
#include "api/openapi_comparison.hpp"

#include <algorithm>

namespace porchlight::api::test {
namespace {

using nlohmann::json;

std::set<std::string> parameters_of(const std::string& path) {
  std::set<std::string> names;
  for (auto at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1))
    names.insert(path.substr(at + 1, path.find('}', at) - at - 1));
  return names;
}

std::string role_of(const Access& access) {
  switch (access.grant) {
    case Access::Grant::everyone:
      return "open";
    case Access::Grant::monitoring:
      return "local";
    case Access::Grant::account:
      return "account";
    default:
      return std::string(to_string(access.least));
  }
}

std::string camera_of(const Access& access) {
  if (access.subject == Access::Subject::none) return "";
  return access.subject == Access::Subject::camera ? "camera" : "button";
}

// The ways in, as alternatives; what one of them needs together stands in one object.
json security_of(const http::Route& route, const Access& access) {
  auto ways = json::array();
  if (access.grant == Access::Grant::everyone) return ways;
  if (access.grant == Access::Grant::monitoring) ways.push_back(json::object());
  json session{{"session", json::array()}};
  if (route.method != http::Method::get) session["csrf"] = json::array();
  ways.push_back(session);
  if (!access.session_only) ways.push_back({{"token", json::array()}});
  if (!access.session_only && (access.scope == Scope::metrics || access.scope == Scope::alerts))
    ways.push_back({{"scrape", json::array()}});
  // Taken wherever a token is; named where home automation shows a camera and knows no other way.
  if (route.path == "/api/v1/cameras/{id}/snapshot" || route.path == "/api/v1/cameras/{id}/mjpeg")
    ways.push_back({{"basic", json::array()}});
  return ways;
}

std::string key(std::string verb, const std::string& path) {
  std::transform(verb.begin(), verb.end(), verb.begin(), ::toupper);
  return verb + " " + path;
}

Operation operation_of(const json& described) {
  Operation operation{.role = described.value("x-porchlight-role", "missing"),
                      .scope = described.value("x-porchlight-scope", ""),
                      .camera = described.value("x-porchlight-camera", ""),
                      .security = described.value("security", json("missing")).dump()};
  for (const auto& [status, response] : described.at("responses").items())
    if (status != "default") operation.statuses.insert(std::stoi(status));
  for (const auto& parameter : described.value("parameters", json::array()))
    if (parameter.at("in") == "path") operation.parameters.insert(parameter.at("name").get<std::string>());
  return operation;
}

template <class List>
std::string listed(const List& values) {
  return json(values).dump();
}

void compare(const std::string& name, const Operation& table, const Operation& document,
             std::vector<std::string>& found) {
  const auto say = [&](const char* what, const std::string& here, const std::string& there) {
    if (here != there)
      found.push_back(name + ": " + what + " is " + here + " in the table, " + there + " in the document");
  };
  say("statuses", listed(table.statuses), listed(document.statuses));
  say("path parameters", listed(table.parameters), listed(document.parameters));
  say("role", table.role, document.role);
  say("scope", table.scope, document.scope);
  say("camera", table.camera, document.camera);
  say("security", table.security, document.security);
}

}  // namespace

Operations of_table(const Guard& guard) {
  Operations operations;
  for (const auto& route : guard.routes()) {
    if (route.visibility == http::Visibility::unix_only) continue;
    const auto& access = guard.access(route);
    const bool open = access.grant == Access::Grant::everyone;
    operations[key(std::string(to_string(route.method)), route.path)] = {
        .statuses = {route.statuses.begin(), route.statuses.end()},
        .parameters = parameters_of(route.path),
        .role = role_of(access),
        .scope = open ? "" : std::string(to_string(access.scope)),
        .camera = camera_of(access),
        .security = security_of(route, access).dump()};
  }
  return operations;
}

Operations of_document(const json& document) {
  Operations operations;
  for (const auto& [path, item] : document.at("paths").items())
    for (const auto& [verb, described] : item.items()) operations[key(verb, path)] = operation_of(described);
  return operations;
}

std::vector<std::string> differences(const Operations& table, const Operations& document) {
  std::vector<std::string> found;
  for (const auto& [name, operation] : table) {
    const auto same = document.find(name);
    if (same == document.end())
      found.push_back(name + " is served and not in the document");
    else
      compare(name, operation, same->second, found);
  }
  for (const auto& [name, operation] : document)
    if (!table.contains(name)) found.push_back(name + " is in the document and not served");
  return found;
}

}  // namespace porchlight::api::test
