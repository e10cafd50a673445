// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "onvif/address.hpp"
#include "onvif/soap.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/http/client.hpp"
#include "porchlight/onvif/device.hpp"

namespace porchlight::onvif {

// What is asked: an operation of a service's namespace and the XML within it, where `q:` is that namespace
// and `t:` ONVIF's schema.
struct Question {
  const char* space;
  std::string operation;
  std::string inside{};
  bool open = false;  // goes without the login
};

// Asks one device: by a UsernameToken and, where the device challenges for it, by HTTP's Digest.
// Thread-bound.
class Call {
 public:
  Call(http::Client client, const InterviewOptions& options, Clock& clock);

  // The element OPERATIONResponse. Errors: as read_soap(), http::Client, and timeout when all the time for
  // this device is over.
  Result<SoapAnswer> ask(const Address& service, const Question& question);

  // What the device's clock is ahead of ours; logins are dated by it.
  void set_skew(std::chrono::seconds skew) { skew_ = skew; }

 private:
  Result<http::ClientResponse> send(const http::ClientRequest& request);
  Result<std::string> envelope_of(const Question& question) const;
  Error without_entry(const Error& error) const;

  http::Client client_;
  const InterviewOptions& options_;
  Clock& clock_;
  const MonotonicTime end_;
  std::chrono::seconds skew_{0};
};

}  // namespace porchlight::onvif
