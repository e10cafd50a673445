// SPDX-License-Identifier: Apache-2.0
#include "store/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

extern char** environ;

namespace porchlight::store {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Child::Child(const std::vector<std::string>& command,
             const std::vector<std::pair<std::string, std::string>>& environment, const std::string& errors) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  output_.reset(ends[0]);
  const UniqueFd input(ends[1]);
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  auto arguments = command;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDOUT_FILENO);
  if (errors != "/dev/stderr")
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                       0600);
  const int failed = ::posix_spawn(&pid_, command[0].c_str(), &actions, nullptr, pointers(arguments).data(),
                                   pointers(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) pid_ = -1;
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait();
  }
}

std::vector<std::string> Child::take_lines() {
  std::vector<std::string> lines;
  std::size_t from = 0;
  for (auto end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n', from)) {
    lines.push_back(buffer_.substr(from, end - from));
    from = end + 1;
  }
  buffer_.erase(0, from);
  return lines;
}

std::vector<std::string> Child::read_lines(std::size_t count) {
  std::vector<std::string> lines;
  while (lines.size() < count) {
    char block[4096];
    const auto got = ::read(output_.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    buffer_.append(block, static_cast<std::size_t>(got));
    for (auto& line : take_lines()) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> Child::kill_and_read() {
  ::kill(pid_, SIGKILL);
  auto lines = read_lines(static_cast<std::size_t>(-1));
  wait();
  return lines;
}

int Child::wait() {
  if (pid_ <= 0) return -1;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace porchlight::store
