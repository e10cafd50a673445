// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "notify/exec_child.hpp"
#include "porchlight/notify/channel.hpp"

namespace porchlight::notify {

struct ExecOptions {
  std::vector<std::string> command;  // an absolute path and its arguments
  std::chrono::milliseconds timeout{15000};
};

// Starts a program for each message: the payload on its standard input, the picture as a file. Exit status
// 0 is delivered, 75 (EX_TEMPFAIL of sysexits.h) and no end within the timeout are tried again, any other
// end is a refusal with the last line of the program's standard error.
class Exec final : public Channel {
 public:
  static Result<std::unique_ptr<Channel>> create(ExecOptions options, const Clock& clock);
  Delivery deliver(const Message& message, std::stop_token stop) override;
  // The program is there and may be started.
  Status reach(std::stop_token stop) override;

 private:
  Exec(ExecOptions options, const Clock& clock);
  std::vector<std::string> environment_for(const Message& message) const;
  Delivery judge(const ChildEnd& end) const;

  const ExecOptions options_;
  const Clock& clock_;
  const std::vector<std::string> environment_;  // what every program gets
  std::vector<UniqueFd> unreaped_;
};

}  // namespace porchlight::notify
