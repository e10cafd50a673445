// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace porchlight::http {

// Every limit of the listener in one place; docs/api.md repeats the table. What a client meets when
// it runs into one stands beside it.
struct Limits {
  std::size_t header_bytes = 8 * 1024;  // request line and headers: 431, closed
  std::size_t body_bytes = 64 * 1024;   // unless the route says otherwise: 413, closed

  std::chrono::milliseconds header_read{10'000};  // first byte to end of headers: 408, closed
  std::chrono::milliseconds body_read{10'000};    // end of headers to end of body: 408, closed
  std::chrono::milliseconds idle{75'000};         // between two requests: closed
  std::chrono::milliseconds write{30'000};        // one response: closed
  std::chrono::milliseconds answer{10'000};       // a handler, unless the route says otherwise: 503

  std::size_t connections = 256;                 // of each listener: 503, closed
  std::size_t connections_per_peer = 32;         // per address, per uid on the Unix socket: 503, closed
  std::size_t requests_per_connection = 10'000;  // then `Connection: close`
};

}  // namespace porchlight::http
