// SPDX-License-Identifier: Apache-2.0
#include "notify/exec.hpp"

#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "notify/characters.hpp"
#include "notify/clipped.hpp"
#include "notify/factory.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_quotation = 200;

// The configuration's secrets may stand in our own environment: a program gets a few names, no more.
std::vector<std::string> inherited() {
  std::vector<std::string> environment;
  for (const auto* name : {"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR"})
    if (const char* value = std::getenv(name)) environment.push_back(std::string(name) + "=" + value);
  return environment;
}

}  // namespace

ChannelMaker read_exec(config::Section& section, const std::string&) {
  ExecOptions options;
  options.command = section.text_list("command");
  if (options.command.empty())
    section.fault("command", "names no program: write [/path/of/the/program, argument…]");
  else if (!options.command.front().starts_with('/'))
    section.fault("command", "the program is named by its absolute path; no shell looks for it");
  if (!section.is_roots_own("command")) section.fault("command", config::not_roots_own);
  options.timeout = section.duration("timeout", 15s, 1s, 60s);
  return [options](const Clock& clock) { return Exec::create(options, clock); };
}

Exec::Exec(ExecOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), environment_(inherited()) {}

Result<std::unique_ptr<Channel>> Exec::create(ExecOptions options, const Clock& clock) {
  if (options.command.empty()) return Error(ErrorCode::invalid_argument, "start a program: none is named");
  return {std::unique_ptr<Channel>(new Exec(std::move(options), clock))};
}

std::vector<std::string> Exec::environment_for(const Message& message) const {
  const auto& key = message.row.key;
  auto environment = environment_;
  const auto add = [&](const char* name, const std::string& value) {
    environment.push_back("PORCHLIGHT_" + std::string(name) + "=" + value);
  };
  add("EVENT_ID", key.event_id.text());
  add("TYPE", message.row.type);
  add("SEQUENCE", std::to_string(key.sequence));
  add("TITLE", message.words.title);
  add("TEXT", message.words.text);
  if (!message.words.link.empty()) add("LINK", message.words.link);
  if (message.picture) add("PICTURE", child_picture);
  return environment;
}

Delivery Exec::judge(const ChildEnd& end) const {
  const auto doing = "run '" + options_.command.front() + "': ";
  const auto said = one_line_of(end.last_line, longest_quotation);
  const auto with = [&](const std::string& text) { return doing + text + (said.empty() ? "" : ": " + said); };
  switch (end.kind) {
    case ChildEnd::Kind::exited:
      if (end.number == 0) return Delivery::delivered();
      if (end.number == EX_TEMPFAIL) return Delivery::retry(ErrorCode::unavailable, with("exit status 75"));
      return Delivery::rejected(ErrorCode::invalid_argument,
                                with("exit status " + std::to_string(end.number)));
    case ChildEnd::Kind::signalled:
      return Delivery::rejected(ErrorCode::invalid_argument,
                                with("ended by signal " + std::to_string(end.number)));
    case ChildEnd::Kind::timed_out:
      return Delivery::retry(ErrorCode::timeout,
                             with("killed after " + std::to_string(options_.timeout / 1ms) + " ms"));
    case ChildEnd::Kind::stopped:
      break;
  }
  return Delivery::retry(ErrorCode::cancelled, doing + "stopped");
}

Delivery Exec::deliver(const Message& message, std::stop_token stop) {
  std::erase_if(unreaped_, reap);
  ChildOrder order;
  order.command = options_.command;
  order.environment = environment_for(message);
  order.input = message.row.payload;
  if (message.picture) order.picture = characters_of(*message.picture);
  order.timeout = options_.timeout;
  auto end = run_child(order, clock_, stop);
  // It may be installed, or its permission mended, while the message is still worth something.
  if (!end) return Delivery::retry(end.error().code(), end.error().text());
  if (end->unreaped) unreaped_.push_back(std::move(end->unreaped));
  return judge(*end);
}

Status Exec::reach(std::stop_token) {
  const auto& program = options_.command.front();
  struct stat found {};
  if (::stat(program.c_str(), &found) != 0) return errno_error(errno, "find '" + program + "'");
  if (!S_ISREG(found.st_mode) || ::access(program.c_str(), X_OK) != 0)
    return Error(ErrorCode::permission_denied, "start '" + program + "': it is no program that we may start");
  return {};
}

}  // namespace porchlight::notify
