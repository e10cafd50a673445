// SPDX-License-Identifier: Apache-2.0
#include "app/terminal.hpp"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

namespace porchlight::app {

int complain(std::string_view text, Exit code) {
  std::fprintf(stderr, "porchlight: %.*s\n", static_cast<int>(text.size()), text.data());
  return code;
}

int complain(const Error& error) {
  switch (error.code()) {
    case ErrorCode::permission_denied:
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::io:
    case ErrorCode::network:
      return complain(error.text(), exit_unreachable);
    default:
      return complain(error.text(), exit_no);
  }
}

void print_json(const nlohmann::json& value) {
  std::printf("%s\n", value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

namespace {

// Without a syntax fault, and with a readable storage.path, the folder is the right one.
bool hides_storage(const config::Fault& fault, const Settings& settings) {
  return fault.message.starts_with("storage") || settings.fingerprints.empty();
}

// Gives the terminal its echo back, whatever happens in between.
class Silence {
 public:
  Silence() {
    valid_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (valid_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (valid_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  termios before_{};
  bool valid_ = false;
};

Result<std::string> ask_for(const char* prompt) {
  std::fprintf(stderr, "%s: ", prompt);
  std::string line;
  const bool read = static_cast<bool>(std::getline(std::cin, line));
  std::fprintf(stderr, "\n");
  if (!read) return Error(ErrorCode::invalid_argument, "no password was given");
  return line;
}

}  // namespace

bool storage_is_known(const Settings& settings, const config::Faults& faults) {
  for (const auto& fault : faults.all())
    if (hides_storage(fault, settings)) return false;
  return true;
}

namespace {

Result<std::string> read_piped_password() {
  std::string line;
  if (!std::getline(std::cin, line))
    return Error(ErrorCode::invalid_argument, "standard input has no password in its first line");
  return line;
}

}  // namespace

Result<std::string> read_password() {
  if (::isatty(STDIN_FILENO) == 0) return read_piped_password();
  const Silence silence;
  return ask_for("password");
}

Result<std::string> read_new_password() {
  if (::isatty(STDIN_FILENO) == 0) return read_piped_password();
  const Silence silence;
  auto password = ask_for("new password");
  if (!password) return password;
  const auto again = ask_for("once more");
  if (!again) return again;
  if (*password != *again) return Error(ErrorCode::invalid_argument, "the two passwords differ");
  return password;
}

SettingsOrExit settings_for(const CommandOptions& options) {
  config::Faults faults;
  auto settings = read_settings(options.config, faults);
  if (!settings) return {std::nullopt, complain(settings.error().text(), exit_unreachable)};
  for (const auto& fault : faults.all())
    if (hides_storage(fault, *settings)) return {std::nullopt, complain(fault.text(), exit_usage)};
  return {std::move(*settings), exit_done};
}

SettingsOrExit settings_to_ask_with(const CommandOptions& options) {
  auto found = settings_for(options);
  if (found.settings || found.exit_code != exit_usage || options.config != CommandOptions{}.config)
    return found;
  config::Faults ignored;
  auto packaged = read_settings(options.config, ignored);
  if (!packaged) return found;
  packaged->house.folder = packaged_storage;
  std::fprintf(stderr, "porchlight: asking the daemon of %s, which runs on by the configuration before\n",
               packaged_storage);
  return {std::move(*packaged), exit_done};
}

SettingsOrExit faultless_settings(const CommandOptions& options) {
  config::Faults faults;
  auto settings = read_settings(options.config, faults);
  if (!settings) return {std::nullopt, complain(settings.error().text(), exit_unreachable)};
  for (const auto& fault : faults.all()) std::fprintf(stderr, "%s\n", fault.text().c_str());
  if (faults.all_tolerable()) return {std::move(*settings), exit_done};
  return {std::nullopt, exit_usage};
}

SettingsOrExit settings_with(const CommandOptions& options, std::string_view key) {
  config::Faults faults;
  auto settings = read_settings(options.config, faults);
  if (!settings) return {std::nullopt, complain(settings.error().text(), exit_unreachable)};
  bool good = true;
  for (const auto& fault : faults.all()) {
    // Its text begins with where it stands.
    if (fault.tolerable || (config::is_hidden_credential(fault) && !fault.message.starts_with(key))) continue;
    std::fprintf(stderr, "%s\n", fault.text().c_str());
    good = false;
  }
  if (good) return {std::move(*settings), exit_done};
  return {std::nullopt, exit_usage};
}

}  // namespace porchlight::app
