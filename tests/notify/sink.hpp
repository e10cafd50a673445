// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "porchlight/notify/channel.hpp"
#include "store/child.hpp"

namespace porchlight::notify {

// A stand-in for a service (tests/notify/sinks) as a child process.
class Sink {
 public:
  // `answers`: see sinks/sink.py.
  explicit Sink(const std::string& service, const std::vector<std::string>& answers = {});
  // Blocks until the service has had one more request, and fails when its reference does not allow it.
  nlohmann::json next();
  // The same without a look at whether it was refused.
  nlohmann::json next_of_any_kind();
  std::string url(const std::string& path = "") const { return "http://127.0.0.1:" + port_ + path; }

 private:
  store::Child child_;
  std::vector<std::string> lines_;
  std::string port_;
};

// Of one event. Sequence 0 is the ring, the others are its updates.
Message ring_message(std::uint32_t sequence);
// Of another event of that type.
Message message_of_type(const std::string& type, const nlohmann::json& payload);
// Looks like a JPEG to those who look at the beginning.
store::JpegBytes small_picture();

}  // namespace porchlight::notify
