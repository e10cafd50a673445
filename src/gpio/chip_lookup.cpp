// SPDX-License-Identifier: Apache-2.0
#include "gpio/chip_lookup.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::gpio {
namespace {

// Labels of the chips behind the 40-pin header: Pi 5, Pi 4, all before.
constexpr std::array<std::string_view, 3> header_labels{"pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"};
constexpr std::string_view chip_prefix = "gpiochip";

struct Chip {
  UniqueFd fd;
  std::string path;
  std::string name;
  std::string label;
  unsigned lines = 0;
  bool is_header() const {
    return std::find(header_labels.begin(), header_labels.end(), label) != header_labels.end();
  }
};

template <std::size_t N>
std::string text_of(const char (&field)[N]) {
  return {field, strnlen(field, N)};
}

Result<Chip> open_chip(const std::string& path) {
  Chip chip{UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC)), path, {}, {}, 0};
  if (!chip.fd) return errno_error(errno, "open '" + path + "'");
  gpiochip_info info{};
  if (::ioctl(chip.fd.get(), GPIO_GET_CHIPINFO_IOCTL, &info) < 0) {
    return errno_error(errno, "ask '" + path + "' what chip it is");
  }
  chip.name = text_of(info.name);
  chip.label = text_of(info.label);
  chip.lines = info.lines;
  return chip;
}

std::optional<unsigned> number_of(std::string_view text) {
  unsigned value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// In the order of their numbers: the directory's own order means nothing.
std::vector<std::string> chip_paths() {
  std::vector<std::pair<unsigned, std::string>> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/dev"), &::closedir);
  while (folder != nullptr) {
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (!name.starts_with(chip_prefix)) continue;
    if (const auto number = number_of(name.substr(chip_prefix.size()))) {
      found.emplace_back(*number, "/dev/" + std::string(name));
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> paths;
  for (auto& [number, path] : found) paths.push_back(std::move(path));
  return paths;
}

struct Chips {
  std::vector<Chip> open;
  std::optional<Error> refused;  // why one of the others could not be opened
};

Chips all_chips() {
  Chips chips;
  for (const auto& path : chip_paths()) {
    auto chip = open_chip(path);
    if (chip) {
      chips.open.push_back(std::move(*chip));
    } else if (chip.error().code() == ErrorCode::permission_denied) {
      chips.refused = chip.error();
    }
  }
  std::stable_partition(chips.open.begin(), chips.open.end(), [](const Chip& c) { return c.is_header(); });
  return chips;
}

std::optional<gpio_v2_line_info> line_info(const Chip& chip, unsigned offset) {
  gpio_v2_line_info info{};
  info.offset = offset;
  if (::ioctl(chip.fd.get(), GPIO_V2_GET_LINEINFO_IOCTL, &info) < 0) return std::nullopt;
  return info;
}

std::optional<unsigned> offset_of(const Chip& chip, const std::string& line) {
  if (const auto number = number_of(line)) return *number < chip.lines ? number : std::nullopt;
  for (unsigned offset = 0; offset < chip.lines; ++offset) {
    const auto info = line_info(chip, offset);
    if (info && text_of(info->name) == line) return offset;
  }
  return std::nullopt;
}

FoundLine found(const Chip& chip, unsigned offset) {
  auto text = chip.name + " (" + chip.label + ") line " + std::to_string(offset);
  const auto info = line_info(chip, offset);
  if (info && info->name[0] != '\0') text += " '" + text_of(info->name) + "'";
  return {chip.path, offset, std::move(text)};
}

Result<FoundLine> line_of(const Chip& chip, const std::string& line) {
  if (const auto offset = offset_of(chip, line)) return found(chip, *offset);
  return Error(ErrorCode::invalid_argument, "find line '" + line + "': chip '" + chip.name + "' (" +
                                                chip.label + ") has " + std::to_string(chip.lines) +
                                                " lines and none of that " +
                                                (number_of(line) ? "number" : "name"));
}

Result<FoundLine> find_on_any(const std::string& line) {
  const auto chips = all_chips();
  if (number_of(line) && !chips.open.empty()) {
    // The chip that may not be opened could be the header's: better no line than another one.
    if (chips.refused && !chips.open.front().is_header()) return *chips.refused;
    return line_of(chips.open.front(), line);
  }
  for (const auto& chip : chips.open) {
    if (const auto offset = offset_of(chip, line)) return found(chip, *offset);
  }
  if (chips.refused) return *chips.refused;
  if (chips.open.empty())
    return Error(ErrorCode::not_found, "find line '" + line + "': no GPIO chip in '/dev'");
  return Error(ErrorCode::not_found, "find line '" + line + "': none of the " +
                                         std::to_string(chips.open.size()) +
                                         " GPIO chips has a line of that name");
}

Result<FoundLine> find_on_label(const std::string& label, const std::string& line) {
  const auto chips = all_chips();
  for (const auto& chip : chips.open) {
    if (chip.label == label) return line_of(chip, line);
  }
  if (chips.refused) return *chips.refused;
  return Error(ErrorCode::not_found, "find chip '" + label + "': none of the " +
                                         std::to_string(chips.open.size()) + " GPIO chips has that label");
}

bool is_chip_name(std::string_view text) {
  return text.starts_with(chip_prefix) && number_of(text.substr(chip_prefix.size()));
}

}  // namespace

Result<FoundLine> find_line(const std::string& chip, const std::string& line) {
  if (chip == "auto") return find_on_any(line);
  const bool is_path = chip.starts_with('/');
  if (!is_path && !is_chip_name(chip)) return find_on_label(chip, line);
  auto opened = open_chip(is_path ? chip : "/dev/" + chip);
  if (!opened) return std::move(opened).error();
  return line_of(*opened, line);
}

std::string user_of(const FoundLine& line) {
  const auto chip = open_chip(line.chip_path);
  if (!chip) return {};
  const auto info = line_info(*chip, line.offset);
  return info ? text_of(info->consumer) : std::string();
}

Error with_user(Error error, const FoundLine& line) {
  if (error.code() != ErrorCode::already_exists) return error;
  const auto user = user_of(line);
  return {error.code(), error.text() + " (in use by '" + (user.empty() ? "another program" : user) + "')"};
}

}  // namespace porchlight::gpio
