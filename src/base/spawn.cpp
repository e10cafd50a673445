// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/spawn.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

struct Files {
  posix_spawn_file_actions_t actions;
  Files() { ::posix_spawn_file_actions_init(&actions); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  ~Files() { ::posix_spawn_file_actions_destroy(&actions); }
};

struct Manner {
  posix_spawnattr_t attributes;
  Manner() {
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes,
                               POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Manner(const Manner&) = delete;
  Manner& operator=(const Manner&) = delete;
  ~Manner() { ::posix_spawnattr_destroy(&attributes); }
};

}  // namespace

// posix_spawn() shares the memory with its child for an instant only and runs nothing of ours there: what
// a process with many threads may do.
Result<pid_t> spawn_in_group(const SpawnOrder& order) {
  if (order.command.empty()) return Error(ErrorCode::invalid_argument, "start a program: none is named");
  // Above the numbers that the child's descriptors get, so that no dup2() closes what a later one needs.
  const auto first_closed = static_cast<int>(order.descriptors.size());
  std::vector<UniqueFd> raised;
  Files files;
  for (const int own : order.descriptors) {
    const auto number = static_cast<int>(raised.size());
    raised.emplace_back(::fcntl(own, F_DUPFD_CLOEXEC, first_closed));
    if (!raised.back()) return errno_error(errno, "start '" + order.command[0] + "'");
    ::posix_spawn_file_actions_adddup2(&files.actions, raised.back().get(), number);
  }
  ::posix_spawn_file_actions_addclosefrom_np(&files.actions, first_closed);
  const Manner manner;
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, order.command[0].c_str(), &files.actions, &manner.attributes,
                                    pointers(order.command).data(), pointers(order.environment).data());
  if (failed != 0) return errno_error(failed, "start '" + order.command[0] + "'");
  // Not with the urgency of the lane that started it.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), 0);
  return pid;
}

std::vector<std::string> plain_environment() {
  std::vector<std::string> environment;
  for (const auto* name : {"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR"})
    if (const char* value = std::getenv(name)) environment.push_back(std::string(name) + "=" + value);
  return environment;
}

}  // namespace porchlight
