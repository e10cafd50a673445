// SPDX-License-Identifier: Apache-2.0
#include "app/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>

#include "porchlight/api/routes.hpp"
#include "porchlight/base/mounts.hpp"
#include "porchlight/gpio/button_lane.hpp"
#include "porchlight/notify/hours.hpp"
#include "porchlight/telemetry/log_levels.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::app {
namespace {

telemetry::Level read_level(config::Section& section, std::string_view key) {
  const auto word = section.choice(key, "info", {"debug", "info", "warning", "error", "critical", "warn"});
  return telemetry::level_of(word).value_or(telemetry::Level::info);
}

telemetry::LevelRules read_levels(config::Section levels) {
  telemetry::LevelRules rules;
  for (const auto& logger : levels.keys()) {
    const auto level = read_level(levels, logger);
    if (telemetry::is_logger_name(logger))
      rules[logger] = level;
    else
      levels.fault(logger, "is not the name of a logger, such as doorbell.camera");
  }
  return rules;
}

telemetry::LogOptions read_log_options(config::Section log) {
  telemetry::LogOptions options;
  options.json = log.choice("format", "json", {"json", "plain"}) == "json";
  options.level = read_level(log, "level");
  options.levels = read_levels(log.section("levels"));
  options.dir = log.text("dir", "");
  options.environment = log.text("environment", "production");
  return options;
}

// Hours are the notifications' word; outputs keep quiet by them too.
Result<std::function<bool(WallTime)>> hours_of(const std::vector<std::string>& texts) {
  notify::Hours hours;
  for (const auto& text : texts) {
    auto window = notify::parse_window(text);
    if (!window) return std::move(window).error();
    hours.push_back(*window);
  }
  return std::function<bool(WallTime)>([hours](WallTime at) { return notify::covers(hours, at); });
}

std::filesystem::path read_storage_path(config::Section& storage) {
  const std::filesystem::path path = storage.text("path", packaged_storage);
  if (!path.is_absolute()) storage.fault("path", "must be an absolute path, found '" + path.string() + "'");
  return path;
}

std::filesystem::path read_recordings_path(config::Section& storage, const std::filesystem::path& folder) {
  const std::filesystem::path path = storage.text("recordings", (folder / "recordings").string());
  if (!path.is_absolute())
    storage.fault("recordings", "must be an absolute path, found '" + path.string() + "'");
  // Everything there that is no footage would be put aside, and a full disk would stop the doorbell.
  else if ((path / "").lexically_normal() == (folder / "").lexically_normal())
    storage.fault("recordings", "must be a folder of its own, not that of storage.path");
  return path;
}

}  // namespace

Result<config::Document> read_document(const std::filesystem::path& file, config::Faults& faults,
                                       const config::Stand* stand) {
  auto document = config::Document::load(file, faults);
  if (!document)
    return Error(document.error().code(), document.error().text() + "; another file is named with --config");
  // The overlay's folder stands in the document that it overlays; its own storage.path is not asked.
  const auto folder =
      std::filesystem::path(document->root().section("storage").text("path", packaged_storage));
  if (auto status = document->overlay(folder / config_folder, faults, stand); !status)
    return std::move(status).error();
  return document;
}

Result<Settings> read_settings(const std::filesystem::path& file, config::Faults& faults,
                               const config::Stand* stand) {
  auto document = read_document(file, faults, stand);
  if (!document) return std::move(document).error();
  auto root = document->root();
  root.not_in_this_version({"live", "tracing"});
  auto log = root.section("log");
  Settings settings{{}, http::read_listen_options(root), read_log_options(log), {}};
  settings.log.truncate_addresses = root.section("privacy").boolean("truncate_ip", false);
  settings.access_log = log.boolean("access", true);
  settings.slow_query = std::chrono::milliseconds(
      root.section("database").integer("slow_query_ms", store::default_slow_query.count(), 1, 60'000));
  settings.access_sample = log.number("sample", 1, 0, 1);
  auto storage = root.section("storage");
  settings.house.folder = read_storage_path(storage);
  settings.house.recording = record::read_options(root.section("recording"));
  settings.house.recording.folder = read_recordings_path(storage, settings.house.folder);
  settings.house.cameras = camera::read_cameras(root);
  std::vector<std::string> camera_ids;
  notify::CameraNames camera_names;
  for (const auto& camera : settings.house.cameras) {
    camera_ids.push_back(camera.id);
    camera_names[camera.id] = camera.name;
  }
  settings.house.buttons = gpio::read_buttons(root, camera_ids);
  settings.house.outputs = gpio::read_outputs(root, settings.house.buttons, hours_of);
  settings.house.faces = vision::read_options(root.section("faces"));
  settings.house.notifications = notify::read_options(root.section("notifications"), camera_names,
                                                      notify::read_mqtt(root.section("mqtt")));
  auto alerting = root.section("alerting");
  alerting.not_in_this_version({"builtin"});
  const auto* channels = std::getenv("NOTIFICATION_CHANNELS");
  settings.alerting =
      notify::read_alerting(alerting, channels == nullptr ? "" : channels, settings.house.notifications);
  settings.accounts = api::read_account_options(root.section("accounts"));
  root.finish();
  faults.sort();
  for (const auto& key : document->keys()) settings.fingerprints[key] = document->fingerprint(key);
  return settings;
}

telemetry::ClosedSets closed_sets(const Settings& settings) {
  telemetry::ClosedSets sets;
  for (const auto& camera : settings.house.cameras) sets.camera_ids.push_back(camera.id);
  std::set<std::string> types;
  for (const auto& channel : settings.house.notifications.channels) types.insert(channel.type);
  sets.channel_types.assign(types.begin(), types.end());
  sets.endpoints = api::endpoints();
  if (settings.house.faces.enabled) sets.model_versions = vision::model_versions(settings.house.faces);
  for (const auto& button : settings.house.buttons)
    if (gpio::knows_lost_edges(button)) sets.button_ids.push_back(button.id);
  for (const auto& folder : {settings.house.folder, settings.house.recording.folder})
    if (auto device = block_device_under(folder);
        !device.empty() && std::find(sets.devices.begin(), sets.devices.end(), device) == sets.devices.end())
      sets.devices.push_back(std::move(device));
  for (const auto& output : settings.house.outputs) sets.output_ids.push_back(output.id);
  sets.workers = pipeline::Pipeline::workers_of(settings.house);
  sets.workers.emplace_back("http", "http");
  if (!settings.server.metrics_listen.empty()) sets.workers.emplace_back("metrics", "http");
  sets.workers.emplace_back("log", "sync");
  return sets;
}

}  // namespace porchlight::app
