// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log_levels.hpp"

#include <algorithm>
#include <array>

namespace porchlight::telemetry {
namespace {

constexpr std::array<std::string_view, 5> words = {"debug", "info", "warning", "error", "critical"};
constexpr std::size_t longest_name = 64;

const Level* longest_fit(const LevelRules& rules, std::string_view logger) {
  const Level* found = nullptr;
  // In order of name: of two that fit, the longer one comes later.
  for (const auto& [name, level] : rules)
    if (is_at_or_below(logger, name)) found = &level;
  return found;
}

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

}  // namespace

bool is_at_or_below(std::string_view logger, std::string_view name) noexcept {
  return logger.starts_with(name) && (logger.size() == name.size() || logger[name.size()] == '.');
}

std::optional<Level> level_of(std::string_view word) noexcept {
  if (word == "warn") return Level::warning;
  const auto* const found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) return std::nullopt;
  return static_cast<Level>(found - words.begin());
}

std::string_view word_of(Level level) noexcept {
  return words[static_cast<std::size_t>(level)];
}

bool is_logger_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= longest_name && name.front() != '.' && name.back() != '.' &&
         std::all_of(name.begin(), name.end(), name_char);
}

const LevelTable::Threshold& LevelTable::of(const std::string& logger) {
  const std::lock_guard lock(mutex_);
  auto& threshold = loggers_[logger];
  if (threshold == nullptr) threshold = std::make_unique<Threshold>(level_of(logger));
  return *threshold;
}

void LevelTable::configure(Level level, LevelRules rules) {
  const std::lock_guard lock(mutex_);
  level_ = level;
  configured_ = std::move(rules);
  work_out();
}

void LevelTable::configure(Level level) {
  const std::lock_guard lock(mutex_);
  level_ = level;
  work_out();
}

void LevelTable::override_by(LevelRules rules) {
  const std::lock_guard lock(mutex_);
  overrides_ = std::move(rules);
  work_out();
}

LogLevels LevelTable::shown() const {
  const std::lock_guard lock(mutex_);
  LogLevels shown{level_, configured_, overrides_, {}};
  for (const auto& [name, threshold] : loggers_)
    shown.loggers[name] = threshold->load(std::memory_order_relaxed);
  return shown;
}

// Who overrides `doorbell` wants to see all below it, whatever the file says of a part of that.
Level LevelTable::level_of(std::string_view logger) const {
  if (const auto* level = longest_fit(overrides_, logger)) return *level;
  if (const auto* level = longest_fit(configured_, logger)) return *level;
  return level_;
}

void LevelTable::work_out() {
  for (auto& [name, threshold] : loggers_) threshold->store(level_of(name), std::memory_order_relaxed);
}

}  // namespace porchlight::telemetry
