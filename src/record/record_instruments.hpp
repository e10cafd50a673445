// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>

#include "porchlight/event/gap_cause.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::record {

// One recorder's metric handles, and what is said of its run at the end. Recorder's thread, after
// construction; what says so: any.
class RecordInstruments {
 public:
  // Handles of disk_io_latency_ms are those of the device under `folder`.
  RecordInstruments(const std::string& camera_id, const std::filesystem::path& folder,
                    telemetry::Metrics& metrics);

  void active(bool writing) { active_.set(writing ? 1 : 0); }
  void written(std::uint64_t bytes) { bytes_.increment(static_cast<double>(bytes)); }
  void gap(event::GapCause cause, std::chrono::nanoseconds longer);
  void write_took(std::chrono::nanoseconds duration);
  void sync_took(std::chrono::nanoseconds duration);     // any thread: one fdatasync or fsync
  void closing_took(std::chrono::nanoseconds duration);  // any thread
  void fragment_took(std::chrono::nanoseconds duration);
  void failed(bool no_space);
  void retire();

  // Any thread.
  std::chrono::nanoseconds longest_sync() const noexcept {
    return std::chrono::nanoseconds(longest_sync_.load(std::memory_order_relaxed));
  }

 private:
  telemetry::Metrics& metrics_;
  const std::string camera_id_;
  telemetry::Gauge active_;
  telemetry::Counter bytes_;
  telemetry::Counter gap_;
  std::array<telemetry::Counter, event::gap_causes.size()> gap_by_cause_;
  telemetry::Histogram write_ms_;  // these two: nothing where no block device is known
  telemetry::Histogram sync_ms_;
  telemetry::Histogram closing_;
  telemetry::Histogram stage_;
  telemetry::Counter io_errors_;
  telemetry::Counter space_errors_;
  std::atomic<std::chrono::nanoseconds::rep> longest_sync_{0};  // the whole message: relaxed
};

}  // namespace porchlight::record
