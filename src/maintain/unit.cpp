// SPDX-License-Identifier: Apache-2.0
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <memory>

#include "maintain/unit_facts.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::maintain {
namespace {

constexpr const char* look_at_journal =
    "`journalctl -u porchlight -n 50` says why; then `systemctl restart porchlight`";

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

bool holds(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void judge_loading(const UnitFacts& facts, Findings& findings) {
  if (facts.load_state == "not-found")
    findings.skipped("porchlight.service is not installed", "apt install ./porchlight_*.deb");
  else if (facts.load_state == "masked")
    findings.bad("porchlight.service is masked", "systemctl unmask porchlight");
  else
    findings.bad("porchlight.service cannot be loaded (" + facts.load_state + ")",
                 "`systemd-analyze verify porchlight.service` names the line");
}

void judge_activity(const UnitFacts& facts, Findings& findings) {
  const auto state = facts.active_state + " (" + facts.sub_state + ")";
  const auto why = facts.result == "success"
                       ? std::string()
                       : ", the last run ended by " + facts.result +
                             (facts.exit_status != 0 ? ", status " + std::to_string(facts.exit_status) : "");
  if (facts.active_state == "failed" || facts.sub_state == "auto-restart")
    findings.bad(
        "porchlight.service is " + state + why + ", restarted " + std::to_string(facts.restarts) + " times",
        look_at_journal);
  else if (facts.active_state == "inactive")
    findings.bad("porchlight.service does not run" + why, "systemctl start porchlight");
  else if (facts.restarts > 0)
    findings.warning(
        "porchlight.service is " + state + ", but was restarted " + std::to_string(facts.restarts) +
            " times since it was started",
        "`journalctl -u porchlight` says why; `systemctl restart porchlight` begins the count anew");
}

void judge_installation(const UnitFacts& facts, Findings& findings) {
  if (facts.needs_daemon_reload)
    findings.warning("the unit's file has changed since systemd read it",
                     "systemctl daemon-reload && systemctl restart porchlight");
  if (facts.file_state == "disabled")
    findings.bad("porchlight.service is not started with the machine", "systemctl enable porchlight");
}

void judge_account(const UnitFacts& facts, bool needs_gpio, Findings& findings) {
  if (facts.user.empty() || facts.user == "root") {
    findings.warning("the service runs as root", "`systemctl edit porchlight`: [Service] User=porchlight");
    return;
  }
  if (!facts.user_exists)
    findings.bad("the user " + facts.user + " does not exist",
                 "adduser --system --group --home /var/lib/porchlight " + facts.user);
  if (!facts.group_exists)
    findings.bad("the group " + facts.group + " does not exist", "addgroup --system " + facts.group);
  // systemd refuses to start a unit that names a group which is not there.
  for (const auto& group : facts.missing_groups)
    findings.bad("the group " + group + ", which the unit names, does not exist",
                 "addgroup --system " + group + " && systemctl restart porchlight");
  if (needs_gpio && !holds(facts.supplementary_groups, "gpio") && !facts.user_in_gpio)
    findings.bad("the service is not in the group gpio, which owns the GPIO chips",
                 "adduser " + facts.user + " gpio && systemctl restart porchlight");
}

}  // namespace

Findings judge_unit(const UnitFacts& facts, bool needs_gpio) {
  Findings findings;
  if (facts.load_state != "loaded") {
    judge_loading(facts, findings);
    return findings;
  }
  judge_activity(facts, findings);
  judge_installation(facts, findings);
  judge_account(facts, needs_gpio, findings);
  findings.fact("porchlight.service is " + facts.active_state + " (" + facts.sub_state + ")");
  findings.fact(facts.file_state);
  findings.fact("as " + facts.user);
  if (!facts.drop_ins.empty()) findings.fact("overridden by " + joined(facts.drop_ins));
  return findings;
}

Findings check_unit(bool needs_gpio) {
  Findings findings;
  if (::sd_booted() <= 0) {
    findings.skipped("this machine was not booted with systemd");
    return findings;
  }
  sd_bus* raw = nullptr;
  const int rc = ::sd_bus_open_system(&raw);
  const std::unique_ptr<sd_bus, decltype(&::sd_bus_flush_close_unref)> bus(raw, &::sd_bus_flush_close_unref);
  if (rc < 0) {
    findings.bad(errno_error(-rc, "connect to the system bus").text(), "systemctl start dbus");
    return findings;
  }
  auto facts = read_unit(bus.get());
  if (!facts) {
    findings.bad(facts.error().text(), "`systemctl status porchlight` shows whether systemd answers at all");
    return findings;
  }
  read_accounts(*facts);
  return judge_unit(*facts, needs_gpio);
}

}  // namespace porchlight::maintain
