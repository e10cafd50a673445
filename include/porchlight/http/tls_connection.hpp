// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"

namespace porchlight::http {

// A connection by TLS 1.2 or later to a server that speaks something else than HTTP. Thread-bound.
class TlsConnection {
 public:
  struct Target {
    std::string host;  // name or address; an IPv6 address without brackets
    std::uint16_t port = 0;
    std::string ca_file;  // PEM; empty: the system's authorities
    bool verify = true;   // false: whoever answers is believed
  };
  // Asked at least every 100 ms while a call waits. False: give up.
  using GoOn = std::function<bool()>;

  // A name that the resolver hangs on does not hold it. Errors: cancelled (given up), not_found (the name),
  // auth (the certificate), network.
  static Result<std::unique_ptr<TlsConnection>> open(const Target& target, const GoOn& go_on);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  // What there is, up to `room` bytes; nothing: none came within `patience`. Errors: end_of_stream (the
  // other side closed), network.
  Result<std::optional<std::size_t>> read(std::uint8_t* into, std::size_t room,
                                          std::chrono::milliseconds patience);
  // Everything. Errors: cancelled (given up), network.
  Status write(std::string_view bytes, const GoOn& go_on);

 private:
  struct State;
  explicit TlsConnection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::http
