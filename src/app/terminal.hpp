// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "app/commands.hpp"
#include "app/settings.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::app {

// What went wrong, on standard error, as `porchlight: …`; gives the exit code back.
int complain(std::string_view text, Exit code);
// By the error's code: cannot read or reach → 3, else 1.
int complain(const Error& error);

// Over several lines; bytes that are no UTF-8 are replaced.
void print_json(const nlohmann::json& value);

// False when a fault hides storage.path, so that what was read of it is only the default.
bool storage_is_known(const Settings& settings, const config::Faults& faults);

// A new password: asked for twice without echo on a terminal, else the first line of standard input. It
// is never an argument, which other users of the machine could read.
Result<std::string> read_new_password();
// One that is known elsewhere: asked for once.
Result<std::string> read_password();

// The settings of a command. A file that cannot be read ends it with exit code 3.
struct SettingsOrExit {
  std::optional<Settings> settings;
  int exit_code = exit_done;
};
// For the daemon: each fault is printed, and any that is not tolerable ends the command with exit code 2.
SettingsOrExit faultless_settings(const CommandOptions& options);
// For commands beside the daemon: they need little more than where its data lies, and cannot see the
// service's credentials. Only a fault that hides storage.path ends them.
SettingsOrExit settings_for(const CommandOptions& options);
// For commands that use what stands below `key`: a credential elsewhere that only the service sees does not
// end them.
SettingsOrExit settings_with(const CommandOptions& options, std::string_view key);
// For commands that only ask the daemon. The installed file may be half edited while the daemon runs on by
// the one before it, and a ring must not wait for that: its faults are printed, and the socket is looked
// for where the package has it. A file named with --config is taken at its word.
SettingsOrExit settings_to_ask_with(const CommandOptions& options);

}  // namespace porchlight::app
