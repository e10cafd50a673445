// SPDX-License-Identifier: Apache-2.0
// `porchlight alert test`: one message by a channel of alerting.notification_channels, beside the daemon.
#include <algorithm>
#include <cstdio>

#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "porchlight/notify/alerting.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::app {
namespace {

notify::Message test_message(const std::string& channel_id, notify::Language language, const Clock& clock) {
  event::Alert alert;
  alert.header = event::make_header(clock);
  alert.name = "PorchlightTest";
  alert.severity = "info";
  alert.summary = language == notify::Language::german ? "Nur ein Versuch: dieser Kanal geht."
                                                       : "Only a test: this channel works.";
  alert.fingerprint = "0";
  notify::Message message;
  message.row = notify::message_of(alert, {channel_id, false}, clock.wall());
  message.words = notify::words_of(message.row, language);
  return message;
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
  if (channel->type == notify::mqtt_type)
    return complain(
        "'mqtt' goes by the broker, where the daemon is connected already: `porchlight doctor` "
        "tries the broker",
        exit_usage);
  const SystemClock clock;
  const auto made = channel->make(clock);
  if (!made) return complain(made.error());
  const auto delivery = (*made)->deliver(test_message(id, channel->language, clock), {});
  if (delivery.kind != notify::Delivery::Kind::delivered)
    return complain("'" + type + "' did not take it: " + delivery.text,
                    delivery.kind == notify::Delivery::Kind::retry ? exit_unreachable : exit_no);
  std::printf("delivered by '%s'\n", type.c_str());
  return exit_done;
}

}  // namespace porchlight::app
