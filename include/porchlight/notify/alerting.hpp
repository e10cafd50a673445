// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/notify/options.hpp"

namespace porchlight::config {
class Section;
}

namespace porchlight::notify {

// One entry of the short list of channels that hear of alerts: the value is most often a secret.
struct AlertingChannel {
  std::string type;   // slack, email, pagerduty, webhook, telegram, mqtt, push
  std::string value;  // not empty
};

// `slack:https://…,email:ops@example.org`: entries between commas, type and value around the first colon,
// blanks around both left out, `%2C` for a comma in a value. The Error's text names the entry by its number
// and, when it is a word, its type; never the value.
Result<std::vector<AlertingChannel>> parse_notification_channels(std::string_view text);

// What `alerting` says.
struct AlertingOptions {
  std::vector<AlertingChannel> channels;
  std::map<std::string, std::string> smtp;  // as written, with secrets resolved
  bool from_environment = false;            // the channels stand in NOTIFICATION_CHANNELS
  // For the alertmanager.yml only: the daemon sends nothing there.
  std::vector<std::string> managers;  // mail addresses
  std::string slack_channel;          // empty: the one that the webhook was made for
  std::string sms_webhook;            // URL; hears of critical alerts, not of their end
  std::string dead_mans_switch;       // URL that hears of Watchdog
};

// The id of the channel that an entry becomes: alerting_slack.
std::string alerting_id(std::string_view type);

// Reads `alerting: {notification_channels: […], smtp: {…}}` and adds to `options` a channel for each entry,
// and the rules that send them alerts, lost and found cameras, and security events. `environment` is the
// value of NOTIFICATION_CHANNELS; when it is not empty, it takes the list's place.
AlertingOptions read_alerting(config::Section alerting, std::string_view environment, Options& options);

}  // namespace porchlight::notify
