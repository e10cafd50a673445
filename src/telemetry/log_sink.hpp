// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <string>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::telemetry {

// Writes whole lines to a descriptor. spdlog's own file sinks hide a failed write and cannot be
// opened again; a failed one is thrown here, and counted where the record was handed over.
//
// A reader that does not read (a stopped terminal, a full pipe) is waited for while `patience` says so;
// then the record is given up, and so is each that follows until the descriptor takes bytes again.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // Asked about every 50 ms with the time waited so far.
  using Patience = std::function<bool(std::chrono::milliseconds)>;

  explicit DescriptorSink(int borrowed) : fd_(borrowed) {}
  // Opens (and creates, 0640) the file at the first record.
  explicit DescriptorSink(std::string path) : path_(std::move(path)) {}

  void reopen();
  // Not while another thread writes.
  void set_patience(Patience patience) { patience_ = std::move(patience); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  void open_file();
  void write_all(const char* data, std::size_t size);
  void wait_for_reader();

  const std::string path_;
  UniqueFd file_;
  int fd_ = -1;
  Patience patience_;
  bool stuck_ = false;
  bool torn_ = false;  // a line was given up halfway
};

}  // namespace porchlight::telemetry
