// SPDX-License-Identifier: Apache-2.0
// The checks that need no room of the third floor. Each is called in the process that examine() makes
// for it, and changes nothing but what it says here.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "porchlight/base/result.hpp"
#include "porchlight/config/document.hpp"
#include "porchlight/maintain/doctor.hpp"

namespace porchlight::maintain {

// The account that the packaged unit names.
inline constexpr const char* service_user = "porchlight";

// The file and what reading it said. `failure` is empty when it could be read. Also looks at
// `<folder>/config.d`: may others read what holds a secret, may the service read it at all?
struct ConfigurationFacts {
  std::filesystem::path file;
  std::string failure;
  std::vector<config::Fault> faults;
  std::filesystem::path folder;  // storage.path; empty: unknown
  std::string user = service_user;
};
Findings check_configuration(const ConfigurationFacts& facts);

// `porchlight.service` as the system's systemd knows it, and the account it runs under. `needs_gpio`:
// a gpio button is configured, so the service needs the group of the chips.
Findings check_unit(bool needs_gpio);

// storage.path: there, the service's, writable (a file of 64 KiB is written, synced and removed), with
// room; and the database in it. `daemon_runs`: the database is the daemon's, and not touched.
Findings check_disk(const std::filesystem::path& folder, bool daemon_runs,
                    const std::string& user = service_user);

// Set, and kept right by somebody.
Findings check_clock();

// Part of a check: whether the service may open a device that we could open.
void check_device(const std::filesystem::path& device, Findings& findings,
                  const std::string& user = service_user);

// Whether the daemon's button lane may run before other programs.
Findings check_priority(pid_t daemon);

// True when the process may look at what only root and the service see.
bool is_privileged();
// What to do when it may not.
inline constexpr const char* run_with_sudo = "run it with sudo";

}  // namespace porchlight::maintain
