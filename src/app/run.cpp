// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

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
  settings->log.journal = telemetry::journal_socket_of(settings->log.fd, std::getenv("JOURNAL_STREAM"));
  telemetry::start_logging(settings->log);
  store::set_slow_query(settings->slow_query);
  auto daemon = Daemon::create(options.config, std::move(*settings), std::move(*signals));
  if (!daemon) return complain(daemon.error().text(), exit_unreachable);
  return (*daemon)->run();
}

}  // namespace porchlight::app
