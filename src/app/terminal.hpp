// SPDX-License-Identifier: Apache-2.0
#pragma once

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

// The settings of a command. Faults of the configuration are printed, one a line, and end the command
// with exit code 2; a file that cannot be read with 3.
struct SettingsOrExit {
  std::optional<Settings> settings;
  int exit_code = exit_done;
};
SettingsOrExit settings_for(const CommandOptions& options);

}  // namespace porchlight::app
