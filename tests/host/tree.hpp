// SPDX-License-Identifier: Apache-2.0
// A machine's /proc and /sys as far as the samplers read them, in a folder.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "base/temporary_folder.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::host {

class Tree {
 public:
  const std::filesystem::path& root() const noexcept { return folder_.path(); }
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((root() / name).parent_path());
    std::ofstream(root() / name, std::ios::binary) << text;
    files_[name] = text;
  }
  void make_folder(const std::string& name) { std::filesystem::create_directories(root() / name); }
  void link(const std::string& name, const std::string& target) {
    std::filesystem::create_directories((root() / name).parent_path());
    std::filesystem::create_symlink(target, root() / name);
  }
  void remove(const std::string& name) {
    std::filesystem::remove_all(root() / name);
    std::erase_if(files_, [&](const auto& file) { return file.first.starts_with(name); });
  }
  const std::map<std::string, std::string>& files() const noexcept { return files_; }

 private:
  TemporaryFolder folder_;
  std::map<std::string, std::string> files_;
};

// The value of one series; nothing when it is not there.
inline std::optional<double> value_of(const telemetry::Samples& samples, std::string_view name,
                                      const telemetry::Labels& labels = {}) {
  for (const auto& sample : samples)
    if (sample.name == name && sample.labels == labels) return sample.value;
  return std::nullopt;
}

inline std::size_t series_of(const telemetry::Samples& samples, std::string_view name) {
  std::size_t number = 0;
  for (const auto& sample : samples) number += sample.name == name ? 1 : 0;
  return number;
}

// /proc/PID/stat of a process with these ticks of processor and resident pages.
std::string stat_of(int pid, int parent, int group, int ticks, int pages);

// A Raspberry Pi 4 with its files as its kernel writes them.
void write_raspberry_pi(Tree& tree);

}  // namespace porchlight::host
