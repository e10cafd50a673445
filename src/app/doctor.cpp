// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>

#include "app/commands.hpp"
#include "app/patient.hpp"
#include "app/terminal.hpp"
#include "porchlight/api/control_client.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::app {
namespace {

using namespace std::chrono_literals;
using maintain::Check;
using maintain::Findings;

Check skipped(std::string name, std::string found, std::string mend) {
  return {std::move(name), 5s, [found = std::move(found), mend = std::move(mend)] {
            Findings findings;
            findings.skipped(found, mend);
            return findings;
          }};
}

std::vector<Check> configuration_checks(const Patient& patient) {
  maintain::ConfigurationFacts facts{patient.file, patient.unreadable, patient.faults, {}};
  if (patient.settings && patient.storage_known) facts.folder = patient.settings->house.folder;
  return {{"configuration", 10s, [facts] { return maintain::check_configuration(facts); }}};
}

std::vector<Check> unit_checks(const Patient& patient) {
  bool needs_gpio = false;
  if (patient.settings)
    for (const auto& button : patient.settings->house.buttons)
      needs_gpio |= button.enabled && button.kind == gpio::ButtonKind::gpio;
  if (patient.settings)
    for (const auto& output : patient.settings->house.outputs) needs_gpio |= output.enabled;
  return {{"unit", 20s, [needs_gpio] { return maintain::check_unit(needs_gpio); }}};
}

std::vector<Check> disk_checks(const Patient& patient) {
  if (!patient.settings || !patient.storage_known)
    return {skipped("disk", "storage.path is not known", "mend the configuration first")};
  const auto& folder = patient.settings->house.folder;
  return {{"disk", 30s, [&] { return maintain::check_disk(folder, patient.daemon_may_run()); }}};
}

std::vector<Check> clock_checks(const Patient&) {
  return {{"clock", 5s, [] { return maintain::check_clock(); }}};
}

std::vector<Check> priority_checks(const Patient& patient) {
  if (!patient.daemon || !patient.daemon->contains("pid")) return {};
  const auto pid = (*patient.daemon)["pid"].get<pid_t>();
  return {{"priority", 5s, [pid] { return maintain::check_priority(pid); }}};
}

// A new check is a row here; docs/doctor.md tells the rest.
constexpr std::array rows{
    configuration_checks, daemon_checks,  unit_checks,    disk_checks,   clock_checks,
    priority_checks,      footage_checks, model_checks,   people_checks, button_checks,
    output_checks,        camera_checks,  channel_checks,
};

void ask_daemon(const Settings& settings, Patient& patient) {
  auto answer = api::ControlClient(settings.control_socket()).status();
  if (!answer) {
    patient.silence = std::move(answer).error();
    return;
  }
  auto status = nlohmann::json::parse(answer->body, nullptr, false);
  if (answer->ok() && status.is_object())
    patient.daemon = std::move(status);
  else
    patient.silence = Error(ErrorCode::unsupported, "ask the daemon for its status: " + answer->problem());
}

Patient meet(const std::filesystem::path& file) {
  Patient patient;
  patient.file = file;
  config::Faults faults;
  auto settings = read_settings(file, faults);
  if (!settings) {
    patient.unreadable = settings.error().text();
    return patient;
  }
  patient.faults = faults.all();
  patient.storage_known = storage_is_known(*settings, faults);
  if (patient.storage_known) ask_daemon(*settings, patient);
  patient.settings = std::move(*settings);
  return patient;
}

}  // namespace

bool Patient::is_faulty(const std::string& path) const {
  for (const auto& fault : faults)
    if (fault.message.starts_with(path)) return true;
  return false;
}

bool Patient::daemon_may_run() const {
  if (daemon) return true;
  return silence && silence->code() != ErrorCode::not_found && silence->code() != ErrorCode::unavailable;
}

const nlohmann::json* Patient::told(const char* list, const std::string& id) const {
  if (!daemon || !daemon->contains(list)) return nullptr;
  for (const auto& entry : (*daemon)[list])
    if (entry.value("id", "") == id) return &entry;
  return nullptr;
}

int doctor_command(const CommandOptions& options) {
  const auto patient = meet(options.config);
  std::vector<maintain::Report> reports;
  for (const auto& row : rows)
    for (const auto& check : row(patient)) {
      reports.push_back(maintain::examine(check));
      // At once: the next check may take a while.
      if (!options.json) std::printf("%s", maintain::text_of(reports.back()).c_str());
    }
  std::printf("%s\n", (options.json ? maintain::json_of(reports) : maintain::summary(reports)).c_str());
  if (!patient.unreadable.empty()) return exit_unreachable;
  return maintain::worst_of(reports) == maintain::Verdict::bad ? exit_no : exit_done;
}

}  // namespace porchlight::app
