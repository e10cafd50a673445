// SPDX-License-Identifier: Apache-2.0
// `porchlight config alertmanager`: the alertmanager.yml that fits alerting.notification_channels. Written
// for Alertmanager 0.25 (Debian 12): it reads secrets from files, but for the url of a webhook and the token
// of a Telegram bot.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/terminal.hpp"

namespace porchlight::app {
namespace {

constexpr const char* routes = R"(route:
  receiver: default
  group_by: [alertname, severity, cluster, service]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    - {matchers: ['alertname="Watchdog"'], receiver: house, group_wait: 0s, repeat_interval: 5m}
    - {matchers: ['severity="critical"'], receiver: critical, group_wait: 10s, repeat_interval: 1h}
    - {matchers: ['severity="high"'], receiver: high, repeat_interval: 2h}
    - {matchers: ['severity="warning"'], receiver: warning, repeat_interval: 12h}
    - {matchers: ['severity="medium"'], receiver: medium, repeat_interval: 12h}
    - {matchers: ['severity=~"low|info"'], receiver: house, group_wait: 5m, repeat_interval: 24h}
inhibit_rules:
  - source_matchers: ['alertname="NodeDown"']
    target_matchers: ['alertname=~"Camera.*|High.*"']
    equal: [node]
  - source_matchers: ['severity="critical"']
    target_matchers: ['severity=~"high|warning|medium|low"']
    equal: [alertname, node]
)";

struct Tier {
  const char* receiver;
  std::vector<std::string> types;  // those of them that are configured
  const char* subject = "";
};

const std::vector<Tier>& tiers() {
  static const std::vector<Tier> all{
      {"default", {"email"}},
      {"critical", {"pagerduty", "email", "slack", "webhook", "telegram"}, "[CRITICAL] "},
      {"high", {"slack", "telegram"}},
      {"warning", {"email", "slack", "telegram"}, "[WARNING] "},
      {"medium", {"email"}},
  };
  return all;
}

// A JSON text is a YAML one.
std::string as_yaml(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class AlertingYaml {
 public:
  AlertingYaml(const Settings& settings, const AlertmanagerFiles& files)
      : settings_(settings), files_(files) {}

  std::string text() const {
    auto text = head() + global() + routes + "receivers:\n  - name: house\n" + house();
    for (const auto& tier : tiers()) text += receiver(tier);
    for (const auto& channel : settings_.alerting.channels)
      if (entry(channel, "").empty())
        text += "# '" + channel.type +
                "' is nothing that Alertmanager can send to as it is written; Porchlight itself does.\n";
    return text;
  }

 private:
  // Which files it wants, and which secrets it holds itself.
  std::string head() const {
    std::string files, inside;
    const auto wants = [&](const std::string& file, const std::string& value) {
      files += "#   " + file + ": " + value + "\n";
    };
    if (!smtp("user").empty()) wants(secret("smtp.password"), "alerting.smtp.password");
    for (const auto& channel : settings_.alerting.channels) {
      if (channel.type == "slack") wants(secret("slack.url"), "the value of 'slack'");
      if (channel.type == "pagerduty") wants(secret("pagerduty.key"), "the value of 'pagerduty'");
      if ((channel.type == "webhook" || channel.type == "telegram") && !entry(channel, "").empty())
        inside += (inside.empty() ? "'" : " and '") + channel.type + "'";
    }
    std::string text = "# Made by `porchlight config alertmanager`.\n";
    if (!files.empty()) text += "# Secrets stand in files of mode 0640, root:prometheus:\n" + files;
    if (!inside.empty())
      text += "# It holds the value of " + inside +
              ", which Alertmanager 0.25 reads from no file: keep it at mode 0640, root:prometheus.\n";
    return text;
  }

  std::string secret(const char* name) const { return files_.secrets + "/porchlight-" + name; }

  std::string smtp(const char* key) const {
    const auto found = settings_.alerting.smtp.find(key);
    return found == settings_.alerting.smtp.end() ? std::string() : found->second;
  }

  std::string global() const {
    std::string text = "global:\n  resolve_timeout: 5m\n";
    auto host = smtp("server");
    if (host.empty()) return text;
    // A port of 465 has Alertmanager speak TLS from the first byte, as smtps:// says.
    const std::string port = host.starts_with("smtps://") ? ":465" : ":587";
    if (const auto scheme = host.find("://"); scheme != std::string::npos) host.erase(0, scheme + 3);
    if (host.ends_with('/')) host.pop_back();
    if (host.rfind(':') == std::string::npos || host.ends_with(']')) host += port;
    text += "  smtp_smarthost: " + as_yaml(host) + "\n";
    text += "  smtp_from: " + as_yaml(smtp("from")) + "\n";
    if (!smtp("user").empty())
      text += "  smtp_auth_username: " + as_yaml(smtp("user")) +
              "\n  smtp_auth_password_file: " + as_yaml(secret("smtp.password")) + "\n";
    if (smtp("starttls") == "none") text += "  smtp_require_tls: false\n";
    return text;
  }

  // Where Alertmanager finds the daemon; it tells its own channels.
  std::string house() const {
    const auto& server = settings_.server;
    const bool is_clear = server.tls.mode == http::TlsMode::off;
    auto base = server.public_url;
    if (base.empty())
      base = (is_clear ? "http://localhost" : "https://localhost") +
             server.listen.substr(server.listen.rfind(':'));
    base.erase(base.find_last_not_of('/') + 1);
    std::string text =
        "    webhook_configs:\n      - url: " + as_yaml(base + "/api/v1/alerts/webhook") +
        "\n        max_alerts: 100\n        http_config:\n          authorization: {credentials_file: " +
        as_yaml(files_.token) + "}\n";
    if (server.tls.mode == http::TlsMode::automatic && base.starts_with("https"))
      text += "          tls_config: {ca_file: " + as_yaml(files_.authority) + "}\n";
    return text;
  }

  std::string receiver(const Tier& tier) const {
    std::string text;
    for (const auto& type : tier.types)
      for (const auto& channel : settings_.alerting.channels)
        if (channel.type == type) text += entry(channel, tier.subject);
    // Without a channel of its own the tier goes the way of the house.
    return "  - name: " + std::string(tier.receiver) + "\n" + (text.empty() ? house() : text);
  }

  std::string entry(const notify::AlertingChannel& channel, const std::string& subject) const {
    const auto& value = channel.value;
    const auto one = [](const std::string& kind, const std::string& inside) {
      return "    " + kind + ": [{" + inside + "}]\n";
    };
    if (channel.type == "slack")
      return one("slack_configs", "api_url_file: " + as_yaml(secret("slack.url")) + ", send_resolved: true");
    if (channel.type == "pagerduty")
      return one("pagerduty_configs", "routing_key_file: " + as_yaml(secret("pagerduty.key")));
    if (channel.type == "webhook")
      return one("webhook_configs", "url: " + as_yaml(value) + ", send_resolved: false");
    if (channel.type == "email")
      return one("email_configs",
                 "to: " + as_yaml(value) +
                     (subject.empty()
                          ? ""
                          : ", headers: {Subject: " +
                                as_yaml(subject + "Doorbell Alert: {{ .GroupLabels.alertname }}") + "}"));
    if (channel.type != "telegram") return {};
    const auto at = value.find('@');
    const auto chat = at == std::string::npos ? std::string() : value.substr(at + 1);
    // Alertmanager takes a chat by its number only.
    const bool is_number = !chat.empty() && chat.find_first_not_of("-0123456789") == std::string::npos;
    return is_number
               ? one("telegram_configs", "bot_token: " + as_yaml(value.substr(0, at)) + ", chat_id: " + chat)
               : std::string();
  }

  const Settings& settings_;
  const AlertmanagerFiles& files_;
};

}  // namespace

int config_alertmanager_command(const CommandOptions& options, const AlertmanagerFiles& files) {
  auto [settings, exit_code] = settings_with(options, "alerting");
  if (!settings) return exit_code;
  std::printf("%s", AlertingYaml(*settings, files).text().c_str());
  return exit_done;
}

}  // namespace porchlight::app
