// SPDX-License-Identifier: Apache-2.0
// contract_of_scrape KEY=VALUE… < scrape: holds a running daemon's exposition against the contract; KEY is a
// label that the configuration closes (camera_id=front, channel=webhook, …), or
// route=METHOD,TEMPLATE,200+404. One line per fault; exit 1 when there is one.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

#include "telemetry/contract_check.hpp"

namespace {

using porchlight::contract::Configured;

Configured::Route route_of(const std::string& text) {
  const auto first = text.find(',');
  const auto second = text.rfind(',');
  Configured::Route route{text.substr(0, first), text.substr(first + 1, second - first - 1), {}};
  for (auto from = second + 1; from < text.size();) {
    const auto end = std::min(text.find('+', from), text.size());
    route.statuses.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return route;
}

}  // namespace

int main(int argc, char** argv) {
  Configured configured;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto equals = word.find('=');
    const auto key = word.substr(0, equals);
    const auto value = word.substr(equals + 1);
    if (key == "route")
      configured.routes.push_back(route_of(value));
    else
      configured.values[key].insert(value);
  }
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const auto faults = porchlight::contract::check(text, configured);
  for (const auto& fault : faults) std::printf("%s\n", fault.c_str());
  std::printf("%zu families of the contract, %zu faults\n", porchlight::contract::families(), faults.size());
  return faults.empty() ? 0 : 1;
}
