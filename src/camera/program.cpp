// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <utility>

#include "porchlight/base/spawn.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_tail = 4096;
constexpr std::size_t longest_words = 400;
constexpr int lines_told = 3;
constexpr auto patience_after_term = 100ms;
constexpr auto patience_after_kill = 50ms;
// A program that complains without end must hold nobody: what a pipe holds, ten times a second.
constexpr int blocks_at_once = 16;
constexpr auto deaf_for = 100ms;

struct Pipe {
  UniqueFd ours;
  UniqueFd childs;
};

// Our end does not block; the child's does, for a program may take EAGAIN for an error.
Result<Pipe> open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error(errno, "make a pipe");
  Pipe made{UniqueFd(ends[0]), UniqueFd(ends[1])};
  ::fcntl(made.ours.get(), F_SETFL, O_NONBLOCK);
  return made;
}

bool is_gone(pid_t pid) {
  return ::waitpid(pid, nullptr, WNOHANG) != 0;
}

// Programs that could not be ended, by camera. A camera that is configured anew has another thread, and the
// old program still has its device. Without a lock, because ingest waits for none: one thread at a time asks
// for one camera, and a slot is its until the program is gone.
class LeftBehind {
 public:
  // One too many is forgotten: a machine with so many hanging drivers has other troubles.
  void add(const std::string& camera, pid_t pid) {
    const auto owner = key_of(camera);
    for (auto& slot : slots_) {
      std::size_t nobody = 0;
      if (!slot.owner.compare_exchange_strong(nobody, owner)) continue;
      slot.pid = pid;
      return;
    }
  }
  // One that lives, or 0. Takes away the remains of the others.
  pid_t of(const std::string& camera) {
    pid_t living = 0;
    for (auto& slot : slots_) {
      const pid_t pid = slot.pid;
      if (slot.owner != key_of(camera) || pid == 0) continue;
      if (!is_gone(pid)) {
        living = pid;
        continue;
      }
      slot.pid = 0;
      slot.owner = 0;
    }
    return living;
  }

 private:
  struct Slot {
    std::atomic<std::size_t> owner{0};  // 0: free
    std::atomic<pid_t> pid{0};
  };
  static std::size_t key_of(const std::string& camera) { return std::hash<std::string>{}(camera) | 1; }

  std::array<Slot, 64> slots_;
};

LeftBehind& left_behind() {
  static LeftBehind all;
  return all;
}

// The last lines in one, without control characters.
std::string last_lines(std::string_view text) {
  std::string said;
  for (int lines = 0; lines < lines_told;) {
    const auto end = text.find_last_not_of(" \t\r\n");
    if (end == std::string_view::npos) break;
    text = text.substr(0, end + 1);
    const auto newline = text.find_last_of("\r\n");  // progress bars end their lines with \r
    const auto begin = newline == std::string_view::npos ? 0 : newline + 1;
    const auto line = text.substr(begin);
    if (!said.empty() && said.size() + line.size() > longest_words) break;
    said = std::string(line.substr(0, longest_words)) + (said.empty() ? "" : " | " + said);
    text = text.substr(0, begin);
    ++lines;
  }
  for (char& c : said)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return said;
}

}  // namespace

Result<Program> Program::start(const Order& wanted) {
  const auto& name = wanted.command.at(0);
  if (const pid_t pid = left_behind().of(wanted.camera); pid > 0)
    return Error(ErrorCode::unavailable, "start '" + name + "': the one before it, process " +
                                             std::to_string(pid) + ", does not end");
  auto output = open_pipe();
  if (!output) return std::move(output).error();
  auto errors = open_pipe();
  if (!errors) return std::move(errors).error();
  const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing) return errno_error(errno, "open '/dev/null'");
  SpawnOrder order{
      wanted.command, plain_environment(), {nothing.get(), output->childs.get(), errors->childs.get()}};
  order.environment.insert(order.environment.end(), wanted.environment.begin(), wanted.environment.end());
  const auto pid = spawn_in_group(order);
  if (!pid) return pid.error();
  Program program(wanted.camera, *pid, std::move(output->ours), std::move(errors->ours));
  if (!program.process_) return errno_error(errno, "watch '" + name + "'");
  return program;
}

// By its number: the declaration of glibc 2.36 cannot be linked from C++.
Program::Program(std::string camera, pid_t pid, UniqueFd output, UniqueFd errors)
    : camera_(std::move(camera)),
      pid_(pid),
      output_(std::move(output)),
      errors_(std::move(errors)),
      process_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

Program::Program(Program&& other) noexcept
    : camera_(std::move(other.camera_)),
      pid_(std::exchange(other.pid_, -1)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      process_(std::move(other.process_)),
      asked_to_end_(other.asked_to_end_),
      hear_again_(other.hear_again_),
      tail_(std::move(other.tail_)) {}

Program::~Program() {
  if (pid_ > 0) finish(0ms);
}

Program::Read Program::read(std::uint8_t* into, std::size_t room, std::chrono::milliseconds patience) {
  const bool hears = std::chrono::steady_clock::now() >= hear_again_;
  std::array<pollfd, 2> waited{{{output_.get(), POLLIN, 0}, {hears ? errors_.get() : -1, POLLIN, 0}}};
  const int ready = ::poll(waited.data(), waited.size(), static_cast<int>(patience / 1ms));
  if (ready <= 0) return {Output::nothing_yet, 0};
  if (waited[1].revents != 0) listen();
  if (waited[0].revents == 0) return {Output::nothing_yet, 0};
  const auto got = ::read(output_.get(), into, room);
  if (got > 0) return {Output::bytes, static_cast<std::size_t>(got)};
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {Output::nothing_yet, 0};
  return {Output::end, 0};
}

// Keeps the end of what the program says. A closed pipe would be ready for ever, so it is let go.
void Program::listen() {
  hear_again_ = std::chrono::steady_clock::now() + deaf_for;
  std::array<char, 4096> block{};
  for (int i = 0; i < blocks_at_once; ++i) {
    const auto got = ::read(errors_.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errors_.reset();
    if (got <= 0) return;
    tail_.append(block.data(), static_cast<std::size_t>(got));
    if (tail_.size() > longest_tail) tail_.erase(0, tail_.size() - longest_tail);
  }
}

std::string Program::last_words() {
  if (errors_) listen();
  return last_lines(tail_);
}

std::string Program::finish(std::chrono::milliseconds patience) {
  asked_to_end_ = !wait_for_end(patience);
  end_group();
  std::string how = collect();
  const auto words = last_words();
  output_.reset();
  errors_.reset();
  return words.empty() ? how : how + ": " + words;
}

// While it is not reaped, the group's number is still its own. What the program started and left behind
// goes with it.
void Program::end_group() {
  if (asked_to_end_) {
    ::kill(-pid_, SIGTERM);
    // Nobody reads any more: a program in the middle of a write hears that, too.
    output_.reset();
    wait_for_end(patience_after_term);
  }
  ::kill(-pid_, SIGKILL);
  wait_for_end(patience_after_kill);
}

bool Program::wait_for_end(std::chrono::milliseconds patience) const {
  pollfd waited{process_.get(), POLLIN, 0};
  return ::poll(&waited, 1, static_cast<int>(patience / 1ms)) > 0;
}

std::string Program::collect() {
  int status = 0;
  const pid_t pid = std::exchange(pid_, -1);
  if (::waitpid(pid, &status, WNOHANG) != pid) {
    left_behind().add(camera_, pid);
    return "cannot be ended";
  }
  if (asked_to_end_) return "was ended";
  if (WIFEXITED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
  return "ended by signal " + std::to_string(WTERMSIG(status));
}

}  // namespace porchlight::camera
