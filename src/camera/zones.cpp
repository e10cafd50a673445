// SPDX-License-Identifier: Apache-2.0
#include "zones.hpp"

#include <set>
#include <string>

namespace porchlight::camera {
namespace {

// The corners, once they make an area.
media::Polygon read_points(config::Section& area) {
  media::Polygon points;
  const auto rows = area.number_rows("points", 2, 0, 1);
  if (!area.has("points")) area.fault("points", "missing: the corners of the area, [[x, y], …]");
  if (!rows || !area.has("points")) return points;
  for (const auto& row : *rows) points.push_back({row[0], row[1]});
  if (const auto fault = media::polygon_fault(points); !fault.empty()) area.fault("points", fault);
  return points;
}

std::vector<config::Section> read_areas(config::Section& camera, const char* key) {
  auto areas = camera.list(key);
  if (areas.size() > media::most_areas) camera.fault(key, "more than " + std::to_string(media::most_areas));
  return areas;
}

}  // namespace

std::vector<media::Zone> read_zones(config::Section& camera) {
  std::vector<media::Zone> zones;
  std::set<std::string> seen;
  for (auto& area : read_areas(camera, "zones")) {
    media::Zone zone;
    zone.id = area.required_id("id");
    zone.name = area.text("name", zone.id);
    zone.points = read_points(area);
    if (!zone.id.empty() && !seen.insert(zone.id).second)
      area.fault("id", "zone '" + zone.id + "' exists twice");
    zones.push_back(std::move(zone));
  }
  return zones;
}

std::vector<media::Polygon> read_masks(config::Section& camera) {
  std::vector<media::Polygon> masks;
  for (auto& area : read_areas(camera, "masks")) {
    area.text("name", "");  // for whoever reads the file
    masks.push_back(read_points(area));
  }
  return masks;
}

}  // namespace porchlight::camera
