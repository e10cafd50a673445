// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/telemetry/build.hpp"
#include "porchlight/telemetry/metrics.hpp"
#include "telemetry/contract_check.hpp"

namespace porchlight::telemetry {

inline ClosedSets sample_sets() {
  ClosedSets sets;
  sets.camera_ids = {"front", "back"};
  sets.channel_types = {"webhook", "log"};
  sets.endpoints = {"/metrics"};
  sets.model_versions = {"rfb320-1", "resnet-1"};
  sets.workers = {{"ingest-front", "ingest"}, {"button-1", "button"}};
  sets.button_ids = {"front"};
  sets.devices = {"mmcblk0p2"};
  sets.output_ids = {"chime"};
  sets.routes = {{"GET", "/health", {200, 503}}, {"POST", "/api/v1/buttons/{id}/ring", {200, 404}}};
  return sets;
}

// Of every family that a timer reads.
inline Samples sample_samples() {
  const Labels root = {{"mount_point", "/"}}, card = {{"device", "mmcblk0p2"}}, eth = {{"interface", "eth0"}},
               front = {{"camera_id", "front"}};
  return {{"container_cpu_usage_seconds_total", {}, 12.5},
          {"container_memory_usage_bytes", {}, 7e7},
          {"container_spec_memory_limit_bytes", {}, 3e9},
          {"database_size_bytes", {}, 40960},
          {"disk_io_read_bytes_total", card, 512},
          {"disk_io_write_bytes_total", card, 1024},
          {"disk_space_free_bytes", root, 1e9},
          {"disk_space_total_bytes", root, 4e9},
          {"disk_space_used_bytes", root, 3e9},
          {"disk_space_used_percent", root, 75},
          {"ffmpeg_process_cpu_percent", front, 3.5},
          {"ffmpeg_process_memory_mb", front, 8},
          {"ffmpeg_process_uptime_seconds", front, 60},
          {"network_bytes_received_total", eth, 1e12},
          {"network_bytes_sent_total", eth, 2e12},
          {"network_connections", {{"state", "time_wait"}}, 0},
          {"network_drops_total", eth, 0},
          {"network_errors_total", eth, 0},
          {"system_cpu_core_usage_percent", {{"cpu", "1"}}, 100},
          {"system_cpu_usage_percent", {}, 50},
          {"system_disk_usage_percent", root, 75},
          {"system_health_score", {}, 97.5},
          {"system_load_average", {{"window", "15m"}}, 0.25},
          {"system_memory_available_bytes", {}, 1e9},
          {"system_memory_total_bytes", {}, 4e9},
          {"system_memory_usage_bytes", {}, 3e9},
          {"system_temperature_celsius", {{"sensor", "cpu-thermal"}}, 48.3},
          {"system_throttled", {{"reason", "under_voltage"}}, 0}};
}

// The same, said to the contract's checker.
inline contract::Configured sample_configured() {
  contract::Configured configured;
  configured.values = {{"camera_id", {"front", "back"}},
                       {"channel", {"webhook", "log"}},
                       {"endpoint", {"/metrics", "/health", "/api/v1/buttons/{id}/ring", "unmatched"}},
                       {"model_version", {"rfb320-1", "resnet-1"}},
                       {"worker_id", {"ingest-front", "button-1"}},
                       {"button_id", {"front"}},
                       {"output_id", {"chime"}},
                       {"device", {"mmcblk0p2"}},
                       {"mount_point", {"/"}},
                       {"interface", {"eth0"}},
                       {"cpu", {"0", "1"}},
                       {"sensor", {"cpu-thermal"}}};
  configured.routes = {{"GET", "/health", {"200", "503"}},
                       {"POST", "/api/v1/buttons/{id}/ring", {"200", "404"}}};
  return configured;
}

}  // namespace porchlight::telemetry
