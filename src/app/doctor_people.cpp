// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "app/gallery_file.hpp"
#include "app/patient.hpp"
#include "porchlight/pipeline/gallery.hpp"
#include "porchlight/vision/calibration.hpp"

namespace porchlight::app {
namespace {

using namespace std::chrono_literals;
using maintain::Check;
using maintain::Findings;

// Without a name: what the doctor prints is shown to others.
Findings judge_people(const vision::Calibration& calibration) {
  Findings findings;
  findings.fact(std::to_string(calibration.persons) + " people with photographs");
  findings.fact("threshold " + vision::words(calibration));
  if (const auto pairs = calibration.look_alikes.size(); pairs > 0)
    findings.warning(std::to_string(pairs) +
                         (pairs == 1 ? " pair of people looks" : " pairs of people look") +
                         " alike, they may be taken for each other",
                     "`porchlight faces list` names them: one person twice? then forget one; else enrol more "
                     "photographs of both");
  if (calibration.without_second > 0)
    findings.warning(std::to_string(calibration.without_second) +
                         " people lack the second embedding and are compared by the first alone",
                     "`porchlight faces list` names them; enrol their photographs again");
  return findings;
}

Findings check_people(const Settings& settings) {
  Findings findings;
  auto file = open_gallery(settings, Access::look);
  if (!file) {
    findings.skipped(file.error().text());
    return findings;
  }
  const auto people = file->gallery.people();
  if (!people) {
    findings.bad(people.error().text(), "put back a copy of the database");
    return findings;
  }
  return judge_people(vision::calibrate(pipeline::gallery_of(*people), settings.house.faces));
}

}  // namespace

std::vector<Check> people_checks(const Patient& patient) {
  if (!patient.settings || !patient.storage_known || !patient.settings->house.faces.enabled) return {};
  std::error_code error;
  if (!std::filesystem::exists(patient.settings->database(), error)) return {};
  return {{"people", 30s, [&patient] { return check_people(*patient.settings); }}};
}

}  // namespace porchlight::app
