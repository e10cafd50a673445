// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "porchlight/api/accounts.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/config/document.hpp"
#include "porchlight/http/options.hpp"
#include "porchlight/notify/alerting.hpp"
#include "porchlight/pipeline/pipeline.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::app {

// storage.path when the file does not say, and where the package keeps what it records.
inline constexpr const char* packaged_storage = "/var/lib/porchlight";

// In storage.path.
inline constexpr const char* config_folder = "config.d";

// The whole configuration, read: each room took its own part.
struct Settings {
  // Of each top-level key, with the secrets as they were read: tells a reload what changed, a rotated
  // secret too. Never printed.
  std::map<std::string, std::string> fingerprints;
  http::ListenOptions server;
  telemetry::LogOptions log;
  pipeline::Options house;  // its folder is storage.path
  api::AccountOptions accounts{};
  notify::AlertingOptions alerting{};  // its channels are among the house's already
  bool access_log = true;
  std::chrono::milliseconds slow_query = store::default_slow_query;
  double access_sample = 1;

  std::string fingerprint(const std::string& key) const {
    const auto found = fingerprints.find(key);
    return found == fingerprints.end() ? std::string() : found->second;
  }
  std::filesystem::path control_socket() const { return house.folder / "control.sock"; }
  std::filesystem::path database() const { return house.folder / "porchlight.db"; }
};

// Reads `file` and, over it, `<storage.path>/config.d/*.yaml`. A file that cannot be read is an Error;
// everything wrong inside goes to `faults`, and then the settings are not fit for use. `stand`, if not null,
// stands for one of the files in config.d.
Result<Settings> read_settings(const std::filesystem::path& file, config::Faults& faults,
                               const config::Stand* stand = nullptr);
// The same as far as the text goes: nothing is judged but its form.
Result<config::Document> read_document(const std::filesystem::path& file, config::Faults& faults,
                                       const config::Stand* stand = nullptr);

// What the metrics must know before anything counts.
telemetry::ClosedSets closed_sets(const Settings& settings);

}  // namespace porchlight::app
