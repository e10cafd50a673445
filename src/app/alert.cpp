// SPDX-License-Identifier: Apache-2.0
// `porchlight alert test`: one message by a channel of alerting.notification_channels, beside the daemon.
#include <algorithm>

#include "app/channel_trial.hpp"
#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "porchlight/notify/alerting.hpp"

namespace porchlight::app {
namespace {

event::Alert test_alert(notify::Language language) {
  event::Alert alert;
  alert.header = event::make_header(SystemClock());
  alert.name = "PorchlightTest";
  alert.severity = "info";
  alert.summary = language == notify::Language::german ? "Nur ein Versuch: dieser Kanal geht."
                                                       : "Only a test: this channel works.";
  alert.fingerprint = "0";
  return alert;
}

}  // namespace

int alert_test_command(const CommandOptions& options, const std::string& type) {
  auto [settings, exit_code] = settings_with(options, "alerting");
  if (!settings) return exit_code;
  const auto& channels = settings->house.notifications.channels;
  const auto id = notify::alerting_id(type);
  const auto channel =
      std::find_if(channels.begin(), channels.end(), [&](const auto& c) { return c.id == id; });
  if (channel == channels.end())
    return complain(
        "there is no '" + type +
            "' in NOTIFICATION_CHANNELS or alerting.notification_channels; the command sees its own "
            "environment, not the service's",
        exit_usage);
  return try_channel(*channel, test_alert(channel->language), type, options.json);
}

}  // namespace porchlight::app
