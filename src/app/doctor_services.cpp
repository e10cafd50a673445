// SPDX-License-Identifier: Apache-2.0
// What the doctor asks of the daemon as a whole and of the face models.
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
  const auto proof = vision::prove_models(folder, faces.mobile);
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

}  // namespace porchlight::app
