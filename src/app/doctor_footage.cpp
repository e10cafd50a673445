// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <filesystem>

#include "app/footage_folder.hpp"
#include "app/patient.hpp"
#include "porchlight/record/forecast.hpp"
#include "porchlight/record/volume.hpp"

namespace porchlight::app {
namespace {

using namespace std::chrono_literals;
using maintain::Check;
using maintain::Findings;

std::string days_text(double days) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), days < 10 ? "%.1f days" : "%.0f days", days);
  return text.data();
}

void judge_forecast(const record::Forecast& forecast, Findings& findings) {
  if (!forecast.by_space)
    return findings.fact("space for " + days_text(forecast.days) + ", which is all that is to be kept");
  findings.warning("at the present rate the space suffices for " + days_text(forecast.days) +
                       ", less than recording.keep.days",
                   "a larger disk (storage.recordings), a lower bitrate at the cameras, or fewer days "
                   "(recording.keep.days)");
}

// What was recorded lately, for as long as it goes on like that.
void foresee(store::SegmentIndex& index, const record::Volume& volume, const record::RecordOptions& options,
             Findings& findings) {
  const auto space = volume.space();
  const auto facts = space ? record::forecast_facts(index, *space, record::lies_with_root(volume.folder()),
                                                    SystemClock().wall())
                           : Result<std::optional<record::ForecastFacts>>(space.error());
  if (!facts)
    return findings.bad("what was recorded cannot be made out", "`porchlight footage check` says more");
  if (!*facts) return findings.fact("too little was recorded lately to say for how long the space suffices");
  if (const auto said = record::forecast(**facts, options)) judge_forecast(*said, findings);
}

Findings check_footage(const Settings& settings) {
  Findings findings;
  auto database = open_footage_index(FootageFolder(settings), IndexUse::look);
  if (!database) {
    findings.skipped(database.error().text(), "run it with sudo");
    return findings;
  }
  store::SegmentIndex index(**database);
  const auto expected = index.volume_id();
  if (!expected) {
    findings.bad(expected.error().text(), "restart the daemon, which makes the index anew from the files");
    return findings;
  }
  if (!*expected) {
    findings.fact("nothing was recorded yet");
    return findings;
  }
  const auto volume = record::Volume::open(settings.house.recording.folder, *expected);
  if (!volume) {
    findings.bad(volume.error().text(), "mount the disk of storage.recordings, or `porchlight footage init`");
    return findings;
  }
  findings.fact(volume->folder().string());
  foresee(index, *volume, settings.house.recording, findings);
  return findings;
}

}  // namespace

std::vector<Check> footage_checks(const Patient& patient) {
  if (!patient.settings || !patient.storage_known) return {};
  std::error_code error;
  if (!std::filesystem::exists(FootageFolder(*patient.settings).index, error)) return {};
  return {{"footage", 30s, [&patient] { return check_footage(*patient.settings); }}};
}

}  // namespace porchlight::app
