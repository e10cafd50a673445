// SPDX-License-Identifier: Apache-2.0
#include "http/proxies.hpp"

#include "fuzz/fuzz.hpp"

using namespace porchlight::http;

// Whatever the header says, the client is an address, and never one that vouches for others unless
// all of them do.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const TrustedProxies proxies({*parse_network("10.0.0.0/8")});
  Request request;
  request.headers = {{"X-Forwarded-For", std::string(test::text_of(data, size))}};
  Peer peer{.address = "10.0.0.1"};
  judge_peer(peer, request, proxies);
  test::must(parse_address(peer.address).has_value());
  test::must(peer.proxy == "10.0.0.1" && !peer.loopback);
  parse_network(test::text_of(data, size));
  return 0;
}
