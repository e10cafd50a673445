// SPDX-License-Identifier: Apache-2.0
#include "notify/mail_sink.hpp"

#include <cstdlib>

namespace porchlight::notify {
namespace {

std::vector<std::string> command_of(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"/usr/bin/python3", "-u",
                                   PORCHLIGHT_SOURCE_DIR "/tests/notify/mail_server.py"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

bool MailSink::available() {
  static const bool there = std::system("/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null") == 0;
  return there;
}

MailSink::MailSink(const std::vector<std::string>& arguments) : child_(command_of(arguments), {}) {
  port_ = next().get<int>();
}

nlohmann::json MailSink::next() {
  if (lines_.empty()) lines_ = child_.read_lines(1);
  if (lines_.empty()) {
    ADD_FAILURE() << "the mail server ended";
    return 0;
  }
  const auto object = nlohmann::json::parse(lines_.front());
  lines_.erase(lines_.begin());
  return object;
}

}  // namespace porchlight::notify
