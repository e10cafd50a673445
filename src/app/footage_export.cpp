// SPDX-License-Identifier: Apache-2.0
// porchlight footage export
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/footage_folder.hpp"
#include "app/moment.hpp"
#include "app/progress.hpp"
#include "app/terminal.hpp"
#include "porchlight/record/footage_reader.hpp"

namespace porchlight::app {
namespace {

using nlohmann::json;

json time_or_null(const std::optional<WallTime>& time) {
  return time ? json(rfc3339(*time)) : json(nullptr);
}

json json_of(const record::Exported& made, const std::string& out) {
  json gaps = json::array();
  for (const auto& gap : made.gaps)
    gaps.push_back({{"cause", std::string(to_string(gap.cause))},
                    {"detail", gap.detail},
                    {"start", time_or_null(gap.start)},
                    {"end", time_or_null(gap.stop)}});
  for (const auto& time : made.unexplained)
    gaps.push_back(
        {{"cause", nullptr}, {"detail", ""}, {"start", rfc3339(time.start)}, {"end", rfc3339(time.end)}});
  return {{"file", out},
          {"manifest", out + ".manifest.json"},
          {"start", rfc3339(made.start)},
          {"end", rfc3339(made.end)},
          {"bytes", made.bytes},
          {"frames", made.frames},
          {"segments", made.files},
          {"changed", made.changed},
          {"gaps", gaps}};
}

void print(const record::Exported& made, const std::string& out) {
  std::printf("%s: %s to %s, %llu pictures, %llu bytes, of %zu segments\n", out.c_str(),
              rfc3339(made.start).c_str(), rfc3339(made.end).c_str(),
              static_cast<unsigned long long>(made.frames), static_cast<unsigned long long>(made.bytes),
              made.files.size());
  for (const auto& gap : made.gaps)
    std::printf("gap: %s to %s, %s%s%s\n", rfc3339(*gap.start).c_str(),
                gap.stop ? rfc3339(*gap.stop).c_str() : "now", std::string(to_string(gap.cause)).c_str(),
                gap.detail.empty() ? "" : ": ", gap.detail.c_str());
  for (const auto& time : made.unexplained)
    std::printf("gap: %s to %s, and nothing says why: it was not to be recorded, or the ledger was lost\n",
                rfc3339(time.start).c_str(), rfc3339(time.end).c_str());
  for (const auto& file : made.changed)
    std::printf("changed: %s is not what was written: its checksum does not hold\n", file.c_str());
  std::printf("signed: %s.manifest.json; check by `porchlight footage verify %s`\n", out.c_str(),
              out.c_str());
}

Result<record::ExportOrder> order_of(const FootageExportOptions& asked) {
  const auto now = SystemClock().wall();
  const auto wrong = [](const char* option, const std::string& text) {
    return Error(ErrorCode::invalid_argument, std::string(option) + " '" + text +
                                                  "' is no time: RFC 3339, 2026-03-29 02:30, 22:30 or -2h");
  };
  const auto from = parse_moment(asked.from, now);
  if (!from) return wrong("--from", asked.from);
  const auto to = parse_moment(asked.to, now);
  if (!to) return wrong("--to", asked.to);
  if (*from >= *to)
    return Error(ErrorCode::invalid_argument,
                 "--from " + rfc3339(*from) + " is not before --to " + rfc3339(*to));
  for (const auto& file : record::export_files(asked.out)) {
    std::error_code failed;
    if (std::filesystem::exists(std::filesystem::symlink_status(file, failed)))
      return Error(ErrorCode::invalid_argument,
                   "--out '" + asked.out + "': '" + file.string() + "' is there already; name a new file");
  }
  return record::ExportOrder{asked.camera, *from, *to, asked.out, true};
}

}  // namespace

int footage_export_command(const CommandOptions& options, const FootageExportOptions& asked) {
  const auto order = order_of(asked);
  if (!order) return complain(order.error().text(), exit_usage);
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  const FootageFolder folder(*settings);
  auto database = open_footage_index(folder, IndexUse::follow);
  if (!database) return complain(database.error());
  store::SegmentIndex index(**database);
  auto made = [&] {
    ProgressLine line("export");
    return record::export_footage(
        index, folder.recordings, folder.key, *order,
        [&line](const record::Progress& progress) { line.tell(progress.done, progress.all); }, line.stop());
  }();
  if (!made) return complain(made.error());
  if (options.json)
    print_json(json_of(*made, asked.out));
  else
    print(*made, asked.out);
  return exit_done;
}

}  // namespace porchlight::app
