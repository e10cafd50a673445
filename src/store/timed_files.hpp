// SPDX-License-Identifier: Apache-2.0
// Times what SQLite asks of the disk, at the layer it keeps for the operating system (a "VFS").
#pragma once

#include <sqlite3.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::store {

// One connection's way to its files: the library's own, where each read, write and sync of the database and
// its log is observed in disk_io_latency_ms. Must outlive the connection, and belongs to its thread.
class TimedFiles {
 public:
  // Null, and then nothing is timed: the file lies on no block device, or on one that the metrics were not
  // told of.
  static std::unique_ptr<TimedFiles> create(const std::filesystem::path& file, telemetry::Metrics& metrics);
  ~TimedFiles();
  TimedFiles(const TimedFiles&) = delete;
  TimedFiles& operator=(const TimedFiles&) = delete;

  // For sqlite3_open_v2.
  const char* name() const noexcept { return name_.c_str(); }

  enum Operation : std::size_t { read, write, sync };
  telemetry::Histogram& latency(Operation operation) noexcept { return latencies_[operation]; }
  sqlite3_vfs& real() noexcept { return real_; }

 private:
  TimedFiles(sqlite3_vfs& real, const std::string& device, telemetry::Metrics& metrics);

  sqlite3_vfs& real_;
  const std::string name_;
  sqlite3_vfs vfs_;
  std::array<telemetry::Histogram, 3> latencies_;
};

}  // namespace porchlight::store
