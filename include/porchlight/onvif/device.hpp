// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/onvif/search.hpp"

namespace porchlight::onvif {

struct Login {
  std::string user;  // empty: none
  std::string password;
};

// One stream that a device offers.
struct Profile {
  std::string token;
  std::string name;
  std::string codec;  // H264, H265, JPEG, …, as the device spells it
  int width = 0;      // pixels; 0: not said
  int height = 0;
  double fps = 0;          // at most so many frames/s; 0: not said
  std::string uri;         // without user and password; empty: the device gave none
  bool elsewhere = false;  // the URI names another host than the one that was asked
};

// What a device tells about itself. Texts are a stranger's, cut to one line each.
struct Device {
  std::string address;  // of its device service
  std::string host;
  std::string name;  // by its scopes; empty: none
  std::string hardware;
  std::string manufacturer;
  std::string model;
  std::string firmware;
  std::optional<std::chrono::seconds> clock_skew;  // what its clock is ahead of ours
  std::vector<Profile> profiles;
  std::vector<std::string> warnings;
  std::optional<Error> fault;  // why there is not more of it
};

struct InterviewOptions {
  Login login{};
  std::string ca_file{};                             // PEM, for https; empty: the system's authorities
  std::chrono::milliseconds request_timeout{5'000};  // of each question
  std::chrono::milliseconds total_timeout{20'000};   // of all
};

// Asks the device service at `address` (http or https) for clock, make, profiles and their streams. No
// question goes to another host, whatever the device answers. What was learned before a fault is kept.
Device interview(const std::string& address, const InterviewOptions& options, Clock& clock);

// The same of a device that answered a probe: only at an address that is the one it answered from.
Device interview(const Found& found, const InterviewOptions& options, Clock& clock);

// What the user named: a device that multicast does not reach.
//   HOST                           a probe to port 3702 there, and its device service at port 80 if none
//   answers HOST:PORT, http[s]://HOST/PATH its device service; /onvif/device_service when no path is given
//   soap.udp://HOST:PORT           a probe there, and nothing else
// `wait`: for the answer to a probe. Errors: invalid_argument. A host that does not answer is a device with a
// fault.
Result<Device> interview_at(const std::string& at, std::chrono::milliseconds wait,
                            const InterviewOptions& options, Clock& clock);

// Does `at` name a device so? Asks nobody. Errors: invalid_argument, with what would be right.
Status check_at(const std::string& at);

}  // namespace porchlight::onvif
