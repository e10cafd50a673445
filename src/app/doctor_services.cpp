// SPDX-License-Identifier: Apache-2.0
// What the doctor asks of the daemon as a whole, of the face models and of the channels.
#include "app/patient.hpp"
#include "porchlight/maintain/checks.hpp"
#include "porchlight/telemetry/build.hpp"
#include "porchlight/vision/face_engine.hpp"
#include "porchlight/vision/model_proof.hpp"

namespace porchlight::app {
namespace {

using namespace std::chrono_literals;
using maintain::Check;
using maintain::Findings;

constexpr const char* restart = "systemctl restart porchlight";

Findings judge_daemon(const nlohmann::json& status) {
  Findings findings;
  const auto version = status.value("version", "?");
  if (version != telemetry::build_version())
    findings.warning(
        "version " + version + " runs, this program is " + std::string(telemetry::build_version()), restart);
  if (!status.value("ready", false)) {
    std::string missing;
    const auto checks = status.value("checks", nlohmann::json::object());
    for (const auto& [name, good] : checks.items())
      if (good.is_boolean() && !good.get<bool>()) missing += " " + name;
    findings.warning(
        "it runs and is not ready; missing:" + (missing.empty() ? " nothing that it names" : missing),
        "wait for the start to end; then `journalctl -u porchlight -n 50`");
  }
  if (const auto fault = status.value("certificate_fault", ""); !fault.empty())
    findings.bad("one of our own authority stands in for the certificate of server.tls: " + fault,
                 "renew the files that server.tls names, then `porchlight reload`");
  findings.fact("version " + version + " runs");
  findings.fact("ready");
  return findings;
}

Findings judge_silence(const Error& silence) {
  Findings findings;
  switch (silence.code()) {
    case ErrorCode::not_found:
    case ErrorCode::unavailable:  // a socket that a crash left behind
      findings.warning("it does not run; buttons and cameras are tried directly",
                       "systemctl start porchlight");
      break;
    case ErrorCode::permission_denied:
      if (!maintain::is_privileged()) {
        findings.skipped(silence.text(), maintain::run_with_sudo);
        break;
      }
      [[fallthrough]];
    default:
      findings.bad(silence.text(),
                   std::string("`journalctl -u porchlight -n 50` says what it does; then ") + restart);
  }
  return findings;
}

Findings judge_audit(const nlohmann::json& status) {
  Findings findings;
  const auto intact = status.value(nlohmann::json::json_pointer("/audit/intact"), nlohmann::json());
  if (!intact.is_boolean())
    findings.skipped("the daemon has not ended a verification yet",
                     "ask again in a minute, or `porchlight audit verify`");
  else if (intact.get<bool>())
    findings.fact("as it was written; asked the running daemon");
  else
    findings.bad("it is not as it was written, or cannot be verified; asked the running daemon",
                 "`porchlight audit verify` says where; keep what is there, then `porchlight audit begin`");
  return findings;
}

Findings check_models(const vision::FaceOptions& faces) {
  Findings findings;
  if (!faces.enabled) {
    findings.skipped("faces.enabled is false");
    return findings;
  }
  const auto folder = vision::default_model_dir();
  const auto proof = vision::prove_models(folder);
  if (!proof) {
    findings.bad(proof.error().text(),
                 "`apt install --reinstall ./porchlight_*.deb` brings them to "
                 "/usr/share/porchlight/models; or set faces.enabled: false");
    return findings;
  }
  const auto ms = [](auto time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
  };
  findings.fact(folder.string());
  findings.fact("loaded in " + ms(proof->load));
  findings.fact("a drawn face recognised in " + ms(proof->face));
  return findings;
}

std::string mend_of_broker(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return "set mqtt.host to a name that exists, or mend name resolution (`resolvectl status`)";
    case ErrorCode::auth:
      return "set mqtt.user and mqtt.password to what the broker knows; with TLS, mqtt.tls.ca_file to the "
             "authority that signed its certificate, and mqtt.host to a name that it is for";
    case ErrorCode::invalid_argument:
      return "set mqtt.client_id to one that the broker takes";
    default:
      return "start the broker, and look for a firewall; mqtt.host and mqtt.port name it";
  }
}

std::string mend_of_channel(const std::string& type, ErrorCode code, const std::string& place) {
  if (type == "exec")
    return "let the user porchlight start the program (`chmod 755`), or mend " + place + ".command";
  if (type == "telegram" && code == ErrorCode::auth)
    return "set " + place + ".token to the bot's token and .chat to a chat it may write to";
  switch (code) {
    case ErrorCode::not_found:
      return "set the host in " + place +
             ".url to a name that exists, or mend name resolution (`resolvectl status`)";
    case ErrorCode::auth:
      return "set " + place +
             ".ca_file to the authority that signed the server's certificate, and .url to a name that it is "
             "for";
    case ErrorCode::invalid_argument:
      return "set " + place + ".url to https://HOST/PATH";
    default:
      return "start the receiver, and look for a firewall; " + place + ".url names its host and port";
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
                       const std::string& place) {
  Findings findings;
  const SystemClock clock;
  auto made = channel.make(clock);
  const auto reached = made ? (*made)->reach({}) : Status(made.error());
  if (!reached)
    findings.bad(reached.error().text(), channel.type == notify::mqtt_type
                                             ? mend_of_broker(reached.error().code())
                                             : mend_of_channel(channel.type, reached.error().code(), place));
  else
    findings.fact(channel.type + ": reachable, nothing was sent");
  const auto login = channel.type == notify::mqtt_type
                         ? "mqtt.user and mqtt.password are the login, its access list names the topics"
                         : place + ".url and .headers name path and login";
  if (patient.daemon) judge_deliveries(*patient.daemon, channel.id, login, findings);
  return findings;
}

}  // namespace

std::vector<Check> daemon_checks(const Patient& patient) {
  return {{"daemon", 5s,
           [&patient] {
             if (patient.daemon) return judge_daemon(*patient.daemon);
             if (patient.silence) return judge_silence(*patient.silence);
             Findings findings;
             findings.skipped("its socket lies in storage.path, which is not known",
                              "mend the configuration first");
             return findings;
           }},
          {"audit log", 5s, [&patient] {
             if (patient.daemon) return judge_audit(*patient.daemon);
             Findings findings;
             findings.skipped("only the running daemon is asked",
                              "`porchlight audit verify` looks at the log itself");
             return findings;
           }}};
}

std::vector<Check> model_checks(const Patient& patient) {
  if (!patient.settings) return {};
  // A small board reads 30 MB from a slow card first.
  return {{"models", 90s, [&patient] { return check_models(patient.settings->house.faces); }}};
}

std::vector<Check> channel_checks(const Patient& patient) {
  std::vector<Check> checks;
  if (!patient.settings) return checks;
  // With a fault in the list, the places of what could be read are not those in the file.
  const bool faulty_list = patient.is_faulty("notifications.channels");
  for (std::size_t i = 0; const auto& channel : patient.settings->house.notifications.channels) {
    const auto place = "notifications.channels[" + std::to_string(i++) + "]";
    // That one is made by a section of its own.
    const bool faulty = channel.id == notify::mqtt_type ? patient.is_faulty("mqtt") : faulty_list;
    checks.push_back({"channel " + channel.id, 30s,
                      [&patient, &channel, place, faulty] {
                        if (!faulty) return check_channel(patient, channel, place);
                        Findings findings;
                        findings.skipped("its configuration has a fault", "mend the configuration first");
                        return findings;
                      },
                      true});
  }
  return checks;
}

}  // namespace porchlight::app
