// SPDX-License-Identifier: Apache-2.0
#include "app/terminal.hpp"

#include <cstdio>

namespace porchlight::app {

int complain(std::string_view text, Exit code) {
  std::fprintf(stderr, "porchlight: %.*s\n", static_cast<int>(text.size()), text.data());
  return code;
}

int complain(const Error& error) {
  switch (error.code()) {
    case ErrorCode::permission_denied:
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::io:
    case ErrorCode::network:
      return complain(error.text(), exit_unreachable);
    default:
      return complain(error.text(), exit_no);
  }
}

namespace {

// Without a syntax fault, and with a readable storage.path, the folder is the right one.
bool hides_storage(const config::Fault& fault, const Settings& settings) {
  return fault.message.starts_with("storage") || settings.fingerprints.empty();
}

}  // namespace

bool storage_is_known(const Settings& settings, const config::Faults& faults) {
  for (const auto& fault : faults.all())
    if (hides_storage(fault, settings)) return false;
  return true;
}

SettingsOrExit settings_for(const CommandOptions& options) {
  config::Faults faults;
  auto settings = read_settings(options.config, faults);
  if (!settings) return {std::nullopt, complain(settings.error().text(), exit_unreachable)};
  for (const auto& fault : faults.all())
    if (hides_storage(fault, *settings)) return {std::nullopt, complain(fault.text(), exit_usage)};
  return {std::move(*settings), exit_done};
}

SettingsOrExit settings_to_ask_with(const CommandOptions& options) {
  auto found = settings_for(options);
  if (found.settings || found.exit_code != exit_usage || options.config != CommandOptions{}.config)
    return found;
  config::Faults ignored;
  auto packaged = read_settings(options.config, ignored);
  if (!packaged) return found;
  packaged->house.folder = packaged_storage;
  std::fprintf(stderr, "porchlight: asking the daemon of %s, which runs on by the configuration before\n",
               packaged_storage);
  return {std::move(*packaged), exit_done};
}

SettingsOrExit faultless_settings(const CommandOptions& options) {
  config::Faults faults;
  auto settings = read_settings(options.config, faults);
  if (!settings) return {std::nullopt, complain(settings.error().text(), exit_unreachable)};
  if (faults.empty()) return {std::move(*settings), exit_done};
  for (const auto& fault : faults.all()) std::fprintf(stderr, "%s\n", fault.text().c_str());
  return {std::nullopt, exit_usage};
}

}  // namespace porchlight::app
