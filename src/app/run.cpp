// SPDX-License-Identifier: Apache-2.0
#include "app/commands.hpp"
#include "app/daemon.hpp"
#include "app/terminal.hpp"

namespace porchlight::app {

int run_command(const CommandOptions& options) {
  auto [settings, exit_code] = faultless_settings(options);
  if (!settings) return exit_code;
  // Before any thread: they inherit the blocked signals.
  auto signals = Signals::create();
  if (!signals) return complain(signals.error());
  telemetry::start_logging(settings->log);
  auto daemon = Daemon::create(options.config, std::move(*settings), std::move(*signals));
  if (!daemon) return complain(daemon.error().text(), exit_unreachable);
  return (*daemon)->run();
}

}  // namespace porchlight::app
