// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace porchlight::contract {

// The values of the labels that contract.tsv leaves to the configuration.
struct Configured {
  std::map<std::string, std::set<std::string>> values;  // camera_id, channel, endpoint, …
  // method, endpoint and status codes of each route, whose series exist from the start
  struct Route {
    std::string method;
    std::string endpoint;
    std::vector<std::string> statuses;
  };
  std::vector<Route> routes;
};

// Holds a text exposition against tests/telemetry/contract.tsv, both ways: families, types, HELP,
// label names, values, buckets, the series that must be there from the start; and the grammar of the
// text itself. Knows nothing of the program's own catalogue. Empty: all is as written.
std::vector<std::string> check(std::string_view exposition, const Configured& configured);

// Families of the contract, those that wait included.
std::size_t families();

// Of those the ones that this version does not have, and the feature that each waits for.
std::map<std::string, std::string> pending();

}  // namespace porchlight::contract
