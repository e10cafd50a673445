// SPDX-License-Identifier: Apache-2.0
// What the route table and the document say about each operation, in one form, and where they differ.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "api/guard.hpp"

namespace porchlight::api::test {

struct Operation {
  std::set<int> statuses{};
  std::set<std::string> parameters{};  // of the path
  std::string role;
  std::string scope;     // empty: open to everybody
  std::string camera;    // which parameter decides about the camera: camera, button or nothing
  std::string security;  // as the document spells it
  bool operator==(const Operation&) const = default;
};
using Operations = std::map<std::string, Operation>;  // by "GET /path"

Operations of_table(const Guard& guard);  // what TCP answers; the control socket's own are left out
Operations of_document(const nlohmann::json& document);

// One line for each operation that only one side has, or that the two describe differently.
std::vector<std::string> differences(const Operations& table, const Operations& document);

}  // namespace porchlight::api::test
