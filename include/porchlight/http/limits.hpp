// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace porchlight::http {

// Every limit of the listener in one place; docs/api.md repeats the table. What a client meets when
// it runs into one stands beside it.
struct Limits {
  std::size_t header_bytes = 8 * 1024;         // request line and headers: 431, closed
  std::size_t header_fields = 100;             // header lines: 431, closed
  std::size_t query_values = 64;               // of a request's query: 400, closed
  std::size_t body_bytes = 64 * 1024;          // unless the route says otherwise: 413, closed
  std::size_t json_depth = 32;                 // of a JSON body: 400
  std::size_t form_parts = 16;                 // of a form: 400
  std::size_t ranges = 16;                     // of one request: 416
  std::size_t message_bytes = 64 * 1024;       // one WebSocket message: close code 1009
  std::size_t stream_queue_bytes = 64 * 1024;  // what may wait for one stream's client: dropped

  std::chrono::milliseconds handshake{10'000};    // TLS, from the connection's beginning: closed
  std::chrono::milliseconds header_read{10'000};  // first byte to end of headers: 408, closed
  std::chrono::milliseconds body_read{10'000};    // end of headers to end of body: 408, closed
  std::chrono::milliseconds idle{75'000};         // between two requests: closed
  std::chrono::milliseconds write{30'000};        // an answer, or write_bytes of it: closed
  std::size_t write_bytes = 32 * 1024;            // what a slow reader must take in each `write`
  std::chrono::milliseconds answer{10'000};       // a handler, unless the route says otherwise: 503
  std::chrono::milliseconds keepalive{20'000};    // of streams: a sign of life; unanswered twice: closed

  std::size_t connections = 256;                 // of each listener: 503, closed
  std::size_t connections_per_peer = 32;         // per address, per uid on the Unix socket: 503, closed
  std::size_t requests_per_connection = 10'000;  // then `Connection: close`
};

}  // namespace porchlight::http
