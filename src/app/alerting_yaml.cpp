// SPDX-License-Identifier: Apache-2.0
// `porchlight config alertmanager`: the alertmanager.yml that fits alerting.notification_channels. Written
// for Alertmanager 0.25 (Debian 12): it reads secrets from files, but for the url of a webhook and the token
// of a Telegram bot.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/commands.hpp"
#include "app/terminal.hpp"

namespace porchlight::app {
namespace {

constexpr const char* first_routes = R"(route:
  receiver: default
  group_by: [alertname, severity, cluster, service]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    # A repetition goes out at a tick of group_interval: with one of 5m, each second one would miss it.
    - {matchers: ['alertname="Watchdog"'], receiver: watchdog, group_wait: 0s, group_interval: 30s, repeat_interval: 5m}
)";

constexpr const char* escalation_route =
    R"(    # What nobody has silenced and nothing has mended after a quarter of an hour. A silence is the acknowledgement.
    - {matchers: ['severity="critical"'], receiver: escalation, group_wait: 15m, repeat_interval: 4h, continue: true}
)";

constexpr const char* other_routes =
    R"(    - {matchers: ['severity="critical"'], receiver: critical, group_wait: 10s, repeat_interval: 1h}
    - {matchers: ['severity="high"'], receiver: high, repeat_interval: 2h}
    - {matchers: ['severity="warning"'], receiver: warning, repeat_interval: 12h}
    - {matchers: ['severity="medium"'], receiver: medium, repeat_interval: 12h}
    - {matchers: ['severity=~"low|info"'], receiver: house, group_wait: 5m, repeat_interval: 24h}
inhibit_rules:
  - source_matchers: ['alertname="NodeDown"', 'node!=""']
    target_matchers: ['alertname=~"Camera.*|High.*"']
    equal: [node]
  - source_matchers: ['severity="critical"']
    target_matchers: ['severity=~"high|warning|medium|low"']
    equal: [alertname, node]
)";

// In the file itself and not in one of templates: without that one Alertmanager would start and tell nobody.
constexpr const char* words =
    "{{ range .Alerts }}{{ if eq .Status \"resolved\" }}Over: {{ end }}{{ .Labels.severity }}"
    "{{ with .Labels.node }} on {{ . }}{{ end }}: {{ .Annotations.summary }}\n"
    "{{ with .Annotations.description }}{{ . }}\n{{ end }}"
    "{{ with .Annotations.runbook_url }}What to do: {{ . }}\n{{ end }}\n{{ end }}";
constexpr const char* title =
    "{{ .GroupLabels.alertname }}{{ if eq .Status \"resolved\" }} (resolved){{ end }}";
// PagerDuty refuses an incident without a summary, and a group may have several.
constexpr const char* incident =
    "{{ .GroupLabels.alertname }}{{ range .Alerts }}; {{ .Annotations.summary }}{{ end }}";
constexpr const char* runbook = "{{ .CommonAnnotations.runbook_url }}";

enum class Mail { to_ops, to_ops_and_managers, to_managers };

struct Tier {
  const char* receiver;
  std::vector<std::string> types;  // those of them that are configured
  const char* subject = "";
  Mail mail = Mail::to_ops;
};

const std::vector<Tier>& tiers() {
  static const std::vector<Tier> all{
      {"default", {"email"}},
      {"critical",
       {"pagerduty", "email", "slack", "webhook", "sms_webhook", "telegram"},
       "[CRITICAL] ",
       Mail::to_ops_and_managers},
      {"high", {"slack", "telegram"}, "[HIGH] "},
      {"warning", {"email", "slack", "telegram"}, "[WARNING] "},
      {"medium", {"email"}, "[MEDIUM] "},
  };
  return all;
}

// One of a receiver's configurations: `slack_configs`, and its lines without the indent.
struct Entry {
  std::string kind;
  std::vector<std::string> lines;
};

// A JSON text is a YAML one, but for signs beyond \uffff, which YAML writes as one number.
std::string as_yaml(const std::string& text) {
  const auto json = nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  std::string yaml;
  for (std::size_t i = 0; i < json.size(); ++i) {
    yaml += json[i];
    if (json[i] != '\\') continue;
    const bool is_pair = json[i + 1] == 'u' && json[i + 2] == 'd' && json[i + 3] >= '8';
    if (!is_pair) {
      yaml += json[++i];
      continue;
    }
    const auto high = std::stoul(json.substr(i + 2, 4), nullptr, 16);
    const auto low = std::stoul(json.substr(i + 8, 4), nullptr, 16);
    char number[12];
    std::snprintf(number, sizeof number, "U%08lx", 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
    yaml += number;
    i += 11;
  }
  return yaml;
}

// In a text that Alertmanager takes for a template.
std::string as_plain(std::string text) {
  for (std::size_t at = 0; (at = text.find("{{", at)) != std::string::npos; at += 8)
    text.replace(at, 2, "{{\"{{\"}}");
  return text;
}

std::string joined(const std::vector<std::string>& all, const std::string& last) {
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i)
    text += (i == 0 ? "" : i + 1 == all.size() ? last : ", ") + all[i];
  return text;
}

// The value in the list of a type, each of which is there once at most, or of a key beside it; empty: none.
std::string value_of(const notify::AlertingOptions& alerting, const std::string& type) {
  if (type == "sms_webhook") return alerting.sms_webhook;
  if (type == "dead_mans_switch") return alerting.dead_mans_switch;
  for (const auto& channel : alerting.channels)
    if (channel.type == type) return channel.value;
  return {};
}

// Of `<token>@<chat>`; empty when it is none that Alertmanager takes: it wants the chat's number.
std::string chat_of(const std::string& telegram) {
  const auto at = telegram.find('@');
  const auto chat = at == std::string::npos ? std::string() : telegram.substr(at + 1);
  return chat.find_first_not_of("-0123456789") == std::string::npos ? chat : std::string();
}

class AlertingYaml {
 public:
  AlertingYaml(const Settings& settings, const AlertmanagerFiles& files)
      : settings_(settings), alerting_(settings.alerting), files_(files) {}

  std::string text() {
    auto text = head() + global() + first_routes;
    if (!alerting_.managers.empty()) text += escalation_route;
    text += std::string(other_routes) + "receivers:\n" + receiver("house", {house()}) +
            receiver("watchdog", watchdog());
    for (const auto& tier : tiers()) text += receiver(tier.receiver, entries_of(tier));
    if (!alerting_.managers.empty())
      text += receiver("escalation", {mail(addresses(Mail::to_managers), "[ESCALATION] ")});
    for (const auto& channel : alerting_.channels)
      if (channel.type == "mqtt" || (channel.type == "telegram" && chat_of(channel.value).empty()))
        text += "# '" + channel.type +
                "' is nothing that Alertmanager can send to as it is written; Porchlight itself does.\n";
    return text;
  }

 private:
  // Which files it wants, and which secrets it holds itself.
  std::string head() const {
    std::string files;
    std::vector<std::string> inside;
    const auto wants = [&](const char* file, const char* value) {
      files += "#   " + secret(file) + ": " + value + "\n";
    };
    const auto has = [&](const char* type) { return !value_of(alerting_, type).empty(); };
    if (!smtp("user").empty()) wants("smtp.password", "alerting.smtp.password");
    if (has("slack")) wants("slack.url", "the value of 'slack'");
    if (has("pagerduty")) wants("pagerduty.key", "the value of 'pagerduty'");
    for (const auto* type : {"webhook", "sms_webhook", "dead_mans_switch"})
      if (has(type)) inside.push_back("'" + std::string(type) + "'");
    if (!chat_of(value_of(alerting_, "telegram")).empty()) inside.emplace_back("'telegram'");
    std::string text = "# Made by `porchlight config alertmanager`.\n";
    if (!files.empty()) text += "# Secrets stand in files of mode 0640, root:prometheus:\n" + files;
    if (!inside.empty())
      text += "# It holds the value of " + joined(inside, " and ") +
              ", which Alertmanager 0.25 reads from no file: keep it at mode 0640, root:prometheus.\n";
    return text;
  }

  std::string secret(const char* name) const { return files_.secrets + "/porchlight-" + name; }

  std::string smtp(const char* key) const {
    const auto found = alerting_.smtp.find(key);
    return found == alerting_.smtp.end() ? std::string() : found->second;
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
    text += "  smtp_from: " + as_yaml(as_plain(smtp("from"))) + "\n";
    if (!smtp("user").empty())
      text += "  smtp_auth_username: " + as_yaml(smtp("user")) +
              "\n  smtp_auth_password_file: " + as_yaml(secret("smtp.password")) + "\n";
    if (smtp("starttls") == "none") text += "  smtp_require_tls: false\n";
    return text;
  }

  // Where Alertmanager finds the daemon; it tells its own channels.
  Entry house() const {
    const auto& server = settings_.server;
    const bool is_clear = server.tls.mode == http::TlsMode::off;
    auto base = server.public_url;
    if (base.empty())
      base = (is_clear ? "http://localhost" : "https://localhost") +
             server.listen.substr(server.listen.rfind(':'));
    base.erase(base.find_last_not_of('/') + 1);
    Entry entry{"webhook_configs",
                {"url: " + as_yaml(base + "/api/v1/alerts/webhook"), "max_alerts: 100",
                 "http_config:", "  authorization: {credentials_file: " + as_yaml(files_.token) + "}"}};
    if (server.tls.mode == http::TlsMode::automatic && base.starts_with("https"))
      entry.lines.push_back("  tls_config: {ca_file: " + as_yaml(files_.authority) + "}");
    return entry;
  }

  // The daemon notes when the last one came; the one outside notices when no more come.
  std::vector<Entry> watchdog() const {
    std::vector<Entry> entries{house()};
    if (const auto url = value_of(alerting_, "dead_mans_switch"); !url.empty())
      entries.push_back(webhook(url, "false"));
    return entries;
  }

  std::vector<Entry> entries_of(const Tier& tier) {
    std::vector<Entry> entries;
    for (const auto& type : tier.types)
      if (auto entry = entry_of(type, tier); !entry.lines.empty()) entries.push_back(std::move(entry));
    // Without a channel of its own the tier goes the way of the house.
    // Rather by mail than by the daemon, whose channels may be what is broken.
    if (entries.empty())
      if (auto entry = entry_of("email", tier); !entry.lines.empty()) entries.push_back(std::move(entry));
    if (entries.empty()) entries.push_back(house());
    return entries;
  }

  Entry entry_of(const std::string& type, const Tier& tier) {
    if (type == "email") {
      const auto to = addresses(tier.mail);
      return to.empty() ? Entry{} : mail(to, tier.subject);
    }
    const auto value = value_of(alerting_, type);
    if (value.empty()) return {};
    if (type == "slack") return slack();
    if (type == "pagerduty") return pagerduty();
    if (type == "webhook") return webhook(value, "true");
    if (type == "sms_webhook") return webhook(value, "false");
    const auto chat = chat_of(value);
    if (chat.empty()) return {};
    return {"telegram_configs",
            {"bot_token: " + as_yaml(value.substr(0, value.find('@'))), "chat_id: " + chat,
             "message: " + words_once()}};
  }

  std::string addresses(Mail mail) const {
    std::vector<std::string> all;
    const auto ops = value_of(alerting_, "email");
    if (mail != Mail::to_managers && !ops.empty()) all.push_back(ops);
    if (mail != Mail::to_ops)
      for (const auto& manager : alerting_.managers)
        if (mail == Mail::to_managers || manager != ops) all.push_back(manager);
    return joined(all, ", ");
  }

  Entry mail(const std::string& to, const std::string& subject) {
    Entry entry{"email_configs", {"to: " + as_yaml(as_plain(to)), "send_resolved: true"}};
    if (!subject.empty())
      entry.lines.push_back("headers: {Subject: " + as_yaml(subject + "Doorbell Alert: " + title) + "}");
    // Else there is Alertmanager's own page of labels beside the words, and that is what mail programs show.
    entry.lines.emplace_back("html: \"\"");
    entry.lines.push_back("text: " + words_once());
    if (!smtp("ca_file").empty())
      entry.lines.push_back("tls_config: {ca_file: " + as_yaml(smtp("ca_file")) + "}");
    return entry;
  }

  Entry slack() {
    Entry entry{"slack_configs", {"api_url_file: " + as_yaml(secret("slack.url")), "send_resolved: true"}};
    if (!alerting_.slack_channel.empty())
      entry.lines.push_back("channel: " + as_yaml(as_plain(alerting_.slack_channel)));
    entry.lines.push_back("title: " + as_yaml(title));
    entry.lines.push_back("title_link: " + as_yaml(runbook));
    entry.lines.push_back("text: " + words_once());
    return entry;
  }

  Entry pagerduty() const {
    return {"pagerduty_configs",
            {"routing_key_file: " + as_yaml(secret("pagerduty.key")), "severity: critical",
             "description: " + as_yaml(incident), "details: {runbook: " + as_yaml(runbook) + "}"}};
  }

  static Entry webhook(const std::string& url, const std::string& is_end_told) {
    return {"webhook_configs", {"url: " + as_yaml(url), "send_resolved: " + is_end_told}};
  }

  // Written where it is needed first, and referred to from there on.
  std::string words_once() {
    const bool is_first = !std::exchange(has_words_, true);
    return is_first ? "&words " + as_yaml(words) : "*words";
  }

  static std::string receiver(const std::string& name, const std::vector<Entry>& entries) {
    std::string text = "  - name: " + name + "\n";
    std::vector<std::string> kinds;
    for (const auto& entry : entries)
      if (std::find(kinds.begin(), kinds.end(), entry.kind) == kinds.end()) kinds.push_back(entry.kind);
    for (const auto& kind : kinds) {
      text += "    " + kind + ":\n";
      for (const auto& entry : entries)
        for (std::size_t i = 0; entry.kind == kind && i < entry.lines.size(); ++i)
          text += (i == 0 ? "      - " : "        ") + entry.lines[i] + "\n";
    }
    return text;
  }

  const Settings& settings_;
  const notify::AlertingOptions& alerting_;
  const AlertmanagerFiles& files_;
  bool has_words_ = false;
};

}  // namespace

int config_alertmanager_command(const CommandOptions& options, const AlertmanagerFiles& files) {
  auto [settings, exit_code] = settings_with(options, "alerting");
  if (!settings) return exit_code;
  std::printf("%s", AlertingYaml(*settings, files).text().c_str());
  return exit_done;
}

}  // namespace porchlight::app
