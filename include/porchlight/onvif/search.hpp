// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::onvif {

// One device that answered a probe. Its texts are what a stranger said, cut to one line each.
struct Found {
  std::string endpoint;                // urn:uuid:…; the same over all its addresses
  std::string from;                    // the address that the answer came from
  std::vector<std::string> addresses;  // device services, as it announces them
  std::string name;                    // these three: its scopes; empty when it has none
  std::string hardware;
  std::string location;
};

struct SearchOptions {
  std::chrono::milliseconds wait{4000};
  std::string interface {};  // empty: all that are up and can multicast
};

struct SearchResult {
  std::vector<Found> found;             // each device once, at most 256
  std::vector<std::string> interfaces;  // asked on these
  bool flooded = false;                 // ended before its time, by 4096 datagrams: there may be others
};

// Asks the network once by WS-Discovery (UDP multicast, IPv4, one hop) for video transmitters and devices,
// repeats that once, and listens for `wait`. Errors: not_found (no such interface, or none that can
// multicast), permission_denied, network.
Result<SearchResult> search(const SearchOptions& options);

// Asks one host by a probe of its own; ends with the first answer. No answer within `wait` is an empty list,
// and so is a host that has no such port. Errors: not_found (the name), network, corrupt (4096 datagrams
// without an answer among them).
Result<std::vector<Found>> search_at(const std::string& host, std::uint16_t port,
                                     std::chrono::milliseconds wait);

}  // namespace porchlight::onvif
