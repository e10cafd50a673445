// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/settings.hpp"
#include "porchlight/config/document.hpp"
#include "porchlight/maintain/doctor.hpp"

namespace porchlight::app {

// What one run of the doctor looks at. Gathered once, before the checks.
struct Patient {
  std::filesystem::path file;
  std::string unreadable;            // why the file cannot be read; empty: it can
  std::optional<Settings> settings;  // as far as the file could be understood
  std::vector<config::Fault> faults;
  bool storage_known = false;

  std::optional<nlohmann::json> daemon;  // its status, when it answers
  std::optional<Error> silence;          // why it does not; nothing: it could not be asked at all

  // Something at this path of the configuration is wrong, so what it describes cannot be tried.
  bool is_faulty(const std::string& path) const;
  // A daemon may be there that holds lines, sessions and the database.
  bool daemon_may_run() const;
  // The entry of the running daemon's status with that id; null when there is none.
  const nlohmann::json* told(const char* list, const std::string& id) const;
};

// Rows of the doctor's table: the checks that this patient needs, one for each thing of a kind.
std::vector<maintain::Check> button_checks(const Patient& patient);
std::vector<maintain::Check> output_checks(const Patient& patient);
std::vector<maintain::Check> camera_checks(const Patient& patient);
std::vector<maintain::Check> channel_checks(const Patient& patient);
std::vector<maintain::Check> model_checks(const Patient& patient);
std::vector<maintain::Check> people_checks(const Patient& patient);
std::vector<maintain::Check> footage_checks(const Patient& patient);
std::vector<maintain::Check> daemon_checks(const Patient& patient);

}  // namespace porchlight::app
