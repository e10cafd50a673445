// SPDX-License-Identifier: Apache-2.0
// porchlight footage check
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/footage_folder.hpp"
#include "app/progress.hpp"
#include "app/terminal.hpp"
#include "porchlight/api/control_client.hpp"
#include "porchlight/record/footage_reader.hpp"

namespace porchlight::app {
namespace {

using nlohmann::json;

json json_of(const std::vector<record::FootageFault>& faults, bool ok) {
  json list = json::array();
  for (const auto& fault : faults)
    list.push_back({{"name", fault.name},
                    {"camera", fault.camera_id},
                    {"file", fault.file},
                    {"detail", fault.detail},
                    {"mendable", fault.mendable},
                    {"mended", fault.mended}});
  return {{"ok", ok}, {"faults", list}};
}

void print(const std::vector<record::FootageFault>& faults, bool repair) {
  if (faults.empty()) std::printf("good: no fault\n");
  for (const auto& fault : faults) {
    const char* end = fault.mended ? " (mended)" : fault.mendable && !repair ? " (--repair mends it)" : "";
    std::printf("%s: %s%s%s: %s%s\n", fault.name.c_str(), fault.camera_id.c_str(),
                fault.file.empty() || fault.camera_id.empty() ? "" : ", ", fault.file.c_str(),
                fault.detail.c_str(), end);
  }
}

// A socket that nobody answers was left by a daemon that crashed; anything else is one that lives.
bool daemon_runs(const Settings& settings) {
  const auto answer = api::ControlClient(settings.control_socket()).get("/health/live");
  return answer ||
         (answer.error().code() != ErrorCode::not_found && answer.error().code() != ErrorCode::unavailable);
}

// Of the others only what events wanted has to be there.
std::vector<std::string> continuous_cameras(const Settings& settings) {
  std::vector<std::string> ids;
  for (const auto& camera : settings.house.cameras)
    if (camera.records() && camera.record == camera::RecordMode::continuous) ids.push_back(camera.id);
  return ids;
}

bool nothing_was_recorded(const FootageFolder& folder) {
  std::error_code failed;
  return !std::filesystem::exists(folder.index, failed) &&
         !std::filesystem::exists(folder.recordings, failed);
}

}  // namespace

int footage_check_command(const CommandOptions& options, const FootageCheckOptions& asked) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  const FootageFolder folder(*settings);
  std::vector<record::FootageFault> faults;
  if (!nothing_was_recorded(folder)) {
    auto database = open_footage_index(folder, asked.repair ? IndexUse::write : IndexUse::follow);
    if (!database) return complain(database.error());
    store::SegmentIndex index(**database);
    record::CheckOrder order;
    order.deep = asked.deep;
    order.repair = asked.repair;
    order.daemon_runs = daemon_runs(*settings);
    order.continuous = continuous_cameras(*settings);
    ProgressLine line("check");
    auto found = record::check_footage(
        index, folder.recordings, order,
        [&line](const record::Progress& progress) { line.tell(progress.done, progress.all); });
    if (!found) return complain(found.error());
    faults = std::move(*found);
  }
  const bool ok = std::all_of(faults.begin(), faults.end(), [](const auto& fault) { return fault.mended; });
  if (options.json)
    print_json(json_of(faults, ok));
  else
    print(faults, asked.repair);
  return ok ? exit_done : exit_no;
}

}  // namespace porchlight::app
