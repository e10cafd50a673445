// SPDX-License-Identifier: Apache-2.0
// What the doctor asks of the channels.
#include "app/channel_keys.hpp"
#include "app/patient.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::app {
namespace {

using namespace std::chrono_literals;
using maintain::Check;
using maintain::Findings;

constexpr const char* mend_names = ", or mend name resolution (`resolvectl status`)";

std::string mend_of_broker(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return std::string("set mqtt.host to a name that exists") + mend_names;
    case ErrorCode::auth:
      return "set mqtt.user and mqtt.password to what the broker knows; with TLS, mqtt.tls.ca_file to the "
             "authority that signed its certificate, and mqtt.host to a name that it is for";
    case ErrorCode::invalid_argument:
      return "set mqtt.client_id to one that the broker takes";
    default:
      return "start the broker, and look for a firewall; mqtt.host and mqtt.port name it";
  }
}

std::string mend_of_certificate(const ChannelKeys& keys) {
  const auto name = "a name that the server's certificate is for";
  if (keys.authority.empty())
    return "set " + keys.address + " to " + name + "; `apt install ca-certificates` has the authorities";
  return "set " + keys.authority + " to the authority that signed the server's certificate, and " +
         keys.address + " to " + name;
}

std::string mend_of_channel(const std::string& type, ErrorCode code, const ChannelKeys& keys) {
  if (type == notify::mqtt_type) return mend_of_broker(code);
  if (type == "exec")
    return "let the user porchlight start the program (`chmod 755`), or mend " + keys.address;
  if (type == "telegram" && code == ErrorCode::auth)
    return "let the bot into its chat, which a person does; " + keys.login;
  switch (code) {
    case ErrorCode::not_found:
      return "set the host in " + keys.address + " to a name that exists" + mend_names;
    case ErrorCode::auth:
      return mend_of_certificate(keys);
    case ErrorCode::invalid_argument:
      return "set " + keys.address + " to " + (type == "email" ? "smtps://HOST" : "https://HOST/PATH");
    default:
      return "start the receiver, and look for a firewall; " + keys.address + " names its host and port";
  }
}

// What became of the newest message that this channel was given: a server may be reached and still refuse.
void judge_deliveries(const nlohmann::json& daemon, const std::string& channel, const std::string& login,
                      Findings& findings) {
  for (const auto& ring : daemon.value("rings", nlohmann::json::array()))
    for (const auto& delivery : ring.value("deliveries", nlohmann::json::array())) {
      if (delivery.value("channel", "") != channel) continue;
      const auto state = delivery.value("state", "");
      const auto said = "the newest ring's message is " + state + " after " +
                        std::to_string(delivery.value("attempts", 0)) + " attempts; asked the running daemon";
      const auto mend = "`journalctl -u porchlight -n 50` has the answer; " + login;
      if (state == "failed" || state == "expired") return findings.bad(said, mend);
      if (state == "pending" && delivery.value("attempts", 0) > 0) return findings.warning(said, mend);
      return findings.fact("the newest ring was " + state);
    }
}

Findings check_channel(const Patient& patient, const notify::ChannelOptions& channel,
                       const ChannelKeys& keys) {
  Findings findings;
  const SystemClock clock;
  auto made = channel.make(clock);
  const auto reached = made ? (*made)->reach({}) : Status(made.error());
  if (!reached)
    findings.bad(reached.error().text(), mend_of_channel(channel.type, reached.error().code(), keys));
  else
    findings.fact(channel.type + ": reachable, nothing was sent");
  if (patient.daemon) judge_deliveries(*patient.daemon, channel.id, keys.login, findings);
  return findings;
}

}  // namespace

std::vector<Check> channel_checks(const Patient& patient) {
  std::vector<Check> checks;
  if (!patient.settings) return checks;
  const auto& channels = patient.settings->house.notifications.channels;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto keys = keys_of(*patient.settings, i);
    // With a fault in the list, the places of what could be read are not those in the file.
    const bool faulty = patient.is_faulty(keys.list);
    checks.push_back({"channel " + channels[i].id, 30s,
                      [&patient, &channel = channels[i], keys, faulty] {
                        if (!faulty) return check_channel(patient, channel, keys);
                        Findings findings;
                        findings.skipped("its configuration has a fault", "mend the configuration first");
                        return findings;
                      },
                      true});
  }
  return checks;
}

}  // namespace porchlight::app
