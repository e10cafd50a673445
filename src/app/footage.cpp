// SPDX-License-Identifier: Apache-2.0
// The commands about footage that need no recorder: the recordings' volume, and the ledger of what was kept
// and what was not. They work beside the running daemon.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/commands.hpp"
#include "app/footage_folder.hpp"
#include "app/moment.hpp"
#include "app/terminal.hpp"
#include "porchlight/record/volume.hpp"

namespace porchlight::app {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t page = 1000;
constexpr auto least_hole = std::chrono::milliseconds(500);

// Root makes it, the service has to read it.
Status give_to_owner(const std::filesystem::path& folder) {
  if (::geteuid() != 0) return {};
  struct ::stat owner {};
  const auto file = folder / record::Volume::identity_file;
  if (::stat(folder.c_str(), &owner) != 0 || ::lchown(file.c_str(), owner.st_uid, owner.st_gid) != 0)
    return errno_error(errno, "give '" + file.string() + "' to the owner of its folder");
  return {};
}

// A folder that has an identity is taken as it is: the disk of another machine, or the one from before.
Result<record::Volume> init_volume(const std::filesystem::path& folder) {
  auto made = record::Volume::init(folder);
  if (!made && made.error().code() == ErrorCode::already_exists) return record::Volume::open(folder, {});
  if (!made) return made;
  if (auto status = give_to_owner(folder); !status) return std::move(status).error();
  return made;
}

// Nothing to do before the first start: the daemon takes the volume that it finds.
Status tell_index(const Settings& settings, const std::string& id) {
  const FootageFolder folder(settings);
  if (!std::filesystem::exists(folder.index)) return {};
  auto database = open_footage_index(folder, IndexUse::write);
  if (!database) return std::move(database).error();
  return store::SegmentIndex(**database).set_volume_id(id);
}

template <class Row>
Result<std::vector<Row>> all_of(
    store::SegmentIndex& index, store::FootageFilter filter,
    Result<std::vector<Row>> (store::SegmentIndex::*list)(const store::FootageFilter&)) {
  filter.oldest_first = true;
  filter.limit = page;
  std::vector<Row> all;
  for (;;) {
    auto rows = (index.*list)(filter);
    if (!rows) return std::move(rows).error();
    const bool last = rows->size() < page;
    if (!rows->empty()) filter.before_id = rows->back().id;
    std::move(rows->begin(), rows->end(), std::back_inserter(all));
    if (last) return all;
  }
}

const char* word_of(store::SegmentState state) {
  switch (state) {
    case store::SegmentState::open:
      return "open";
    case store::SegmentState::closed:
      return "closed";
    case store::SegmentState::torn:
      return "torn";
    case store::SegmentState::deleting:
      break;
  }
  return "deleting";
}

ordered_json time_json(const std::optional<WallTime>& time) {
  return time ? ordered_json(rfc3339(*time)) : ordered_json(nullptr);
}

ordered_json moment_json(const store::BootMoment& moment) {
  return {{"boot", moment.boot}, {"ms", moment.at.count()}};
}

ordered_json json_of(const store::Segment& segment) {
  return {{"id", segment.id},
          {"camera", segment.camera_id},
          {"file", segment.file},
          {"state", word_of(segment.state)},
          {"start", time_json(segment.start)},
          {"end", time_json(segment.end)},
          {"begin", moment_json(segment.begin)},
          {"end_ms", segment.end_at.count()},
          {"bytes", segment.bytes},
          {"frames", segment.frames},
          {"protected", segment.is_protected}};
}

ordered_json json_of(const store::Gap& gap) {
  return {{"id", gap.id},
          {"camera", gap.camera_id},
          {"cause", std::string(event::to_string(gap.cause))},
          {"detail", gap.detail},
          {"start", time_json(gap.start)},
          {"end", time_json(gap.stop)},
          {"begin", moment_json(gap.begin)},
          {"ends", gap.end ? moment_json(*gap.end) : ordered_json(nullptr)}};
}

// One line of the ledger: footage without a hole, or a gap.
struct Line {
  std::string camera;
  store::BootMoment begin;
  store::BootMoment end;
  std::optional<WallTime> start;
  std::optional<WallTime> stop;
  std::string what;
  bool goes_on = false;  // it has no end yet
};

std::vector<Line> lines_of(const std::vector<store::Segment>& segments, const std::vector<store::Gap>& gaps) {
  std::vector<Line> lines;
  for (const auto& segment : segments)
    lines.push_back({segment.camera_id,
                     segment.begin,
                     {segment.begin.boot, segment.end_at},
                     segment.start,
                     segment.end,
                     "footage",
                     false});
  for (const auto& gap : gaps)
    lines.push_back({gap.camera_id, gap.begin, gap.end.value_or(gap.begin), gap.start, gap.stop,
                     "gap: " + std::string(event::to_string(gap.cause)) +
                         (gap.detail.empty() ? "" : " (" + gap.detail + ")") + (gap.end ? "" : ", goes on"),
                     !gap.end});
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return std::tie(a.camera, a.begin) < std::tie(b.camera, b.begin);
  });
  std::vector<Line> joined;
  for (auto& line : lines) {
    const bool goes_on = !joined.empty() && joined.back().camera == line.camera && line.what == "footage" &&
                         joined.back().what == line.what && joined.back().end.boot == line.begin.boot &&
                         line.begin.at - joined.back().end.at < least_hole;
    if (!goes_on) {
      joined.push_back(std::move(line));
      continue;
    }
    joined.back().end = line.end;
    joined.back().stop = line.stop;
  }
  return joined;
}

std::string text_of(const std::optional<WallTime>& time, const store::BootMoment& moment) {
  if (time) return rfc3339(*time);
  return "boot " + std::to_string(moment.boot) + " + " + std::to_string(moment.at.count()) + " ms";
}

void print(const std::vector<Line>& lines) {
  for (const auto& line : lines)
    std::printf("%s  %s  %s  %s\n", line.camera.c_str(), text_of(line.start, line.begin).c_str(),
                line.goes_on ? "-" : text_of(line.stop, line.end).c_str(), line.what.c_str());
  if (lines.empty()) std::printf("nothing\n");
}

// False: a time that is none.
bool read_range(const FootageRange& asked, store::FootageFilter& filter) {
  const auto now = SystemClock().wall();
  filter.camera_id = asked.camera;
  if (!asked.from.empty() && !(filter.from = parse_moment(asked.from, now))) return false;
  return asked.to.empty() || (filter.to = parse_moment(asked.to, now));
}

}  // namespace

int footage_init_command(const CommandOptions& options) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  const auto& folder = settings->house.recording.folder;
  const auto volume = init_volume(folder);
  if (!volume) return complain(volume.error());
  if (auto status = tell_index(*settings, volume->id()); !status) return complain(status.error());
  if (options.json)
    print_json(ordered_json{{"folder", folder.string()}, {"id", volume->id()}});
  else
    std::printf("%s is volume %s\n", folder.c_str(), volume->id().c_str());
  return exit_done;
}

int footage_ledger_command(const CommandOptions& options, const FootageRange& asked) {
  store::FootageFilter filter;
  if (!read_range(asked, filter))
    return complain("'--from' and '--to' are times: RFC 3339, local, or -2h", exit_usage);
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  auto database = open_footage_index(FootageFolder(*settings), IndexUse::look);
  if (!database) return complain(database.error());
  store::SegmentIndex index(**database);
  const auto segments = all_of(index, filter, &store::SegmentIndex::segments);
  if (!segments) return complain(segments.error());
  const auto gaps = all_of(index, filter, &store::SegmentIndex::gaps);
  if (!gaps) return complain(gaps.error());
  if (!options.json) {
    print(lines_of(*segments, *gaps));
    return exit_done;
  }
  ordered_json json{{"segments", ordered_json::array()}, {"gaps", ordered_json::array()}};
  for (const auto& segment : *segments) json["segments"].push_back(json_of(segment));
  for (const auto& gap : *gaps) json["gaps"].push_back(json_of(gap));
  std::printf("%s\n", json.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
  return exit_done;
}

}  // namespace porchlight::app
