// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::api {

struct ControlAnswer {
  int status = 0;
  std::string body;  // JSON
  bool ok() const noexcept { return status >= 200 && status < 300; }
  // The `detail` (and listed faults) of a problem answer, for people; empty otherwise.
  std::string problem() const;
};

// How the command line speaks to the running daemon. Blocking; one connection a call. An Error means
// that no answer came: not_found (no socket: the daemon does not run), permission_denied,
// unavailable (a socket nobody answers), timeout, network.
class ControlClient {
 public:
  explicit ControlClient(std::filesystem::path socket) : socket_(std::move(socket)) {}

  Result<ControlAnswer> ring(std::string_view button_id) const;
  Result<ControlAnswer> test_output(std::string_view output_id) const;
  Result<ControlAnswer> status() const;
  Result<ControlAnswer> reload() const;
  Result<ControlAnswer> faces_changed() const;
  Result<ControlAnswer> accounts_changed() const;
  // `query` as outbox/resend has it (docs/api.md), without the question mark.
  Result<ControlAnswer> resend(std::string_view query) const;
  // Records of the log (docs/api.md), at most 4 MiB.
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  Result<ControlAnswer> logs(const Parameters& parameters) const;
  // /health/… and the like: bodies up to 64 KiB.
  Result<ControlAnswer> get(std::string_view target) const;

 private:
  Result<ControlAnswer> call(std::string_view verb, std::string_view target,
                             std::chrono::milliseconds timeout, std::size_t largest_body = small_body) const;
  static constexpr std::size_t small_body = std::size_t{64} << 10;
  std::filesystem::path socket_;
};

}  // namespace porchlight::api
