// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>
#include <string>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::telemetry {

// Writes whole lines to a descriptor. spdlog's own file sinks hide a failed write and cannot be
// opened again; a failed one is thrown here, and counted where the record was handed over.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit DescriptorSink(int borrowed) : fd_(borrowed) {}
  // Opens (and creates, 0640) the file at the first record.
  explicit DescriptorSink(std::string path) : path_(std::move(path)) {}

  void reopen();

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  void open_file();

  const std::string path_;
  UniqueFd file_;
  int fd_ = -1;
};

}  // namespace porchlight::telemetry
