// SPDX-License-Identifier: Apache-2.0
#include "host/volumes.hpp"

#include <algorithm>

#include "host/reading.hpp"
#include "porchlight/base/utf8.hpp"

namespace porchlight::host {
namespace {

constexpr std::uint64_t sector = 512;  // bytes, whatever the device's own sectors are
constexpr std::uint64_t most_sectors = UINT64_MAX / sector;

struct Volume {
  std::string point;
  std::filesystem::path asked;  // what statvfs is asked for: a mount point may be covered by another mount
  std::string device;
};

std::string shown(const std::string& point) {
  return is_utf8(point) ? point : label_text(point);
}

std::string point_of(const Mount* mount) {
  return mount == nullptr ? std::string("/") : mount->point;
}

std::vector<Volume> volumes_of(const std::vector<std::filesystem::path>& paths,
                               const std::filesystem::path& root, const Mounts& mounts) {
  std::vector<Volume> volumes;
  for (const auto& path : paths) {
    if (path.empty()) continue;
    const auto* mount = mounts.of(path);
    const auto point = point_of(mount);
    if (std::any_of(volumes.begin(), volumes.end(), [&](const Volume& v) { return v.point == point; }))
      continue;
    volumes.push_back(
        {point, path, mount == nullptr ? block_device_holding(path, root) : block_device_of(*mount, root)});
  }
  return volumes;
}

void sample_space(const Volume& volume, const std::filesystem::path& root, telemetry::Samples& samples) {
  struct statvfs seen {};
  if (::statvfs((root / volume.asked.relative_path()).c_str(), &seen) != 0) return;
  const auto space = space_of(seen);
  if (!space) return;
  const telemetry::Labels labels{{"mount_point", shown(volume.point)}};
  samples.push_back({"disk_space_total_bytes", labels, space->total});
  samples.push_back({"disk_space_used_bytes", labels, space->used});
  samples.push_back({"disk_space_free_bytes", labels, space->free});
  if (space->used + space->free <= 0) return;
  const double percent = 100 * space->used / (space->used + space->free);
  samples.push_back({"disk_space_used_percent", labels, percent});
  samples.push_back({"system_disk_usage_percent", labels, percent});
}

}  // namespace

std::optional<Space> space_of(const struct statvfs& seen) {
  if (seen.f_blocks == 0 || seen.f_frsize == 0 || seen.f_bfree > seen.f_blocks ||
      seen.f_bavail > seen.f_blocks)
    return std::nullopt;
  const auto bytes = [&seen](auto blocks) {
    return static_cast<double>(blocks) * static_cast<double>(seen.f_frsize);
  };
  return Space{bytes(seen.f_blocks), bytes(seen.f_blocks - seen.f_bfree), bytes(seen.f_bavail)};
}

// "179 2 mmcblk0p2 reads merged sectors ms writes merged sectors ms …"
std::optional<Transferred> transferred(std::string_view diskstats, std::string_view device) {
  std::optional<Transferred> found;
  each_line(diskstats, [&](std::string_view line) {
    if (found || line.find(device) == std::string_view::npos) return;
    const auto words = words_of(line);
    const auto read = number_at(words, 5);
    const auto written = number_at(words, 9);
    if (words.size() < 10 || words[2] != device || !read || !written || *read > most_sectors ||
        *written > most_sectors)
      return;
    found = Transferred{*read * sector, *written * sector};
  });
  return found;
}

void Volumes::sample(const std::filesystem::path& root, const Mounts& mounts, telemetry::Samples& samples) {
  std::vector<std::string> devices;
  if (!recordings_.empty())
    samples.push_back({"storage_volume_info",
                       {{"mount_point", shown(point_of(mounts.of(recordings_)))}, {"role", "recordings"}},
                       1});
  for (const auto& volume : volumes_of({"/", folder_, recordings_}, root, mounts)) {
    sample_space(volume, root, samples);
    if (!volume.device.empty() && std::find(devices.begin(), devices.end(), volume.device) == devices.end())
      devices.push_back(volume.device);
  }
  sample_devices(root, devices, samples);
}

void Volumes::sample_devices(const std::filesystem::path& root, const std::vector<std::string>& devices,
                             telemetry::Samples& samples) {
  const auto diskstats = devices.empty() ? std::string() : text_of(root / "proc/diskstats");
  counters_.begin();
  for (const auto& device : devices) {
    const auto moved = transferred(diskstats, device);
    if (!moved) continue;
    const telemetry::Labels labels{{"device", device}};
    samples.push_back(
        {"disk_io_read_bytes_total", labels, counters_.advance(device + " read", moved->read_bytes)});
    samples.push_back(
        {"disk_io_write_bytes_total", labels, counters_.advance(device + " write", moved->written_bytes)});
  }
  counters_.end();
}

}  // namespace porchlight::host
