// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "porchlight/base/unique_fd.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::telemetry {

// Logging into a file of this test's own.
class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("porchlight-log-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    start({});
  }
  void TearDown() override {
    attach_log_metrics(nullptr);
    stop_logging();
    std::filesystem::remove_all(folder_);
  }

  void start(LogOptions options) {
    std::FILE* file = std::fopen((folder_ / "out").c_str(), "we");
    out_.reset(::dup(::fileno(file)));
    std::fclose(file);
    options.fd = out_.get();
    options.version = "1.2.3";
    start_logging(options);
  }

  static std::vector<std::string> lines_of(const std::filesystem::path& path) {
    std::vector<std::string> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  std::vector<std::string> lines() const {
    flush_logs();
    return lines_of(folder_ / "out");
  }

  std::filesystem::path folder_;
  UniqueFd out_;
  const Logger logger_{"doorbell.test", Component::hardware};
};

}  // namespace porchlight::telemetry
