// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <nlohmann/json.hpp>

#include "maintain/account.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "porchlight/maintain/checks.hpp"
#include "porchlight/maintain/doctor.hpp"

namespace porchlight::maintain {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr int not_the_service = 77;
constexpr const char* tell_us = "run it again; if it stays, look into `journalctl -k` and report it";

std::string packed(const std::vector<Finding>& findings) {
  auto list = json::array();
  for (const auto& finding : findings) list.push_back({finding.verdict, finding.found, finding.mend});
  return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Nothing when the child did not come to its end.
std::vector<Finding> unpacked(const std::string& text) {
  std::vector<Finding> findings;
  const auto list = json::parse(text, nullptr, false);
  if (!list.is_array()) return {};
  for (const auto& row : list)
    findings.push_back({row[0].get<Verdict>(), row[1].get<std::string>(), row[2].get<std::string>()});
  return findings;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

std::vector<Finding> run(const Check& check) {
  try {
    return check.run().all();
  } catch (const std::exception& fault) {
    return {{Verdict::bad, std::string("the check itself failed: ") + fault.what(), tell_us}};
  }
}

// Until the child closes its end (true) or the time is over.
bool read_all(int fd, milliseconds limit, std::string& text) {
  const auto deadline = SystemClock().now() + limit;
  std::array<char, 4096> block;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - SystemClock().now());
    if (left <= milliseconds::zero()) return false;
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) continue;
    const auto got = ::read(fd, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
}

Finding overdue(const Check& check) {
  return {
      Verdict::bad,
      "no result within " + std::to_string(check.limit.count() / 1000) + " s: the kernel or a server hangs",
      "look into `journalctl -k -n 50` for a disk or a network that does not answer"};
}

Finding crashed(int status) {
  const auto how = WIFSIGNALED(status) ? std::string("was ended by ") + ::strsignal(WTERMSIG(status))
                                       : "ended with status " + std::to_string(WEXITSTATUS(status));
  return {Verdict::bad, "the check's process " + how, tell_us};
}

// Root becomes the service's user, where there is one; anybody else stays who they are.
bool become_service() {
  if (::geteuid() != 0) return true;
  const auto service = find_account(service_user);
  if (!service) return true;
  return ::setgroups(service->groups.size(), service->groups.data()) == 0 && ::setgid(service->gid) == 0 &&
         ::setuid(service->uid) == 0;
}

Finding not_started(int error) {
  return {Verdict::bad, std::string("start a process for the check: ") + std::strerror(error),
          "free memory or processes (`systemctl --failed`, `ps aux --sort=-rss | head`)"};
}

}  // namespace

Report examine(const Check& check) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {check.name, {not_started(errno)}};
  UniqueFd ours(ends[0]), theirs(ends[1]);
  std::fflush(nullptr);  // or the child would hold a copy of what is still to be printed
  const auto child = ::fork();
  if (child < 0) return {check.name, {not_started(errno)}};
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the doctor was interrupted
    std::signal(SIGPIPE, SIG_IGN);
    if (check.as_service && !become_service()) ::_exit(not_the_service);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a change of user clears it
    write_all(theirs.get(), packed(run(check)));
    ::_exit(0);  // threads of libraries may be anywhere
  }
  theirs.reset();
  std::string text;
  const bool ended = read_all(ours.get(), check.limit, text);
  if (!ended) {
    ::kill(child, SIGKILL);
    // A process that waits for a dead disk cannot be killed: it is left to init.
    ::waitpid(child, nullptr, WNOHANG);
    return {check.name, {overdue(check)}};
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  auto findings = unpacked(text);
  if (findings.empty()) findings.push_back(crashed(status));
  return {check.name, std::move(findings)};
}

}  // namespace porchlight::maintain
