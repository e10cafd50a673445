// SPDX-License-Identifier: Apache-2.0
#include "rtsp_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace porchlight::test {
namespace {

constexpr int patience_ms = 20'000;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

bool open_pipe(Pipe& made) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  made = {UniqueFd(ends[0]), UniqueFd(ends[1])};
  return true;
}

pid_t spawn(const std::string& program, const std::vector<std::string>& arguments, int input, int output) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  pid_t child = -1;
  const int failed = posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed != 0 ? -1 : child;
}

}  // namespace

std::unique_ptr<RtspServer> RtspServer::start(const std::vector<std::string>& arguments, std::string& why) {
  const std::string program = std::string(PORCHLIGHT_BINARY_DIR) + "/rtsp_test_server";
  if (::access(program.c_str(), X_OK) != 0) {
    why = "no RTSP test server was built (gstreamer-rtsp-server missing)";
    return nullptr;
  }
  ::signal(SIGPIPE, SIG_IGN);
  Pipe input;
  Pipe output;
  if (!open_pipe(input) || !open_pipe(output)) return nullptr;
  const pid_t child = spawn(program, arguments, input.read_end.get(), output.write_end.get());
  if (child < 0) {
    why = "the RTSP test server did not start";
    return nullptr;
  }
  std::unique_ptr<RtspServer> server(
      new RtspServer(child, std::move(input.write_end), std::move(output.read_end)));
  output.write_end.reset();
  server->url_ = server->read_line();
  if (server->url_.starts_with("rtsp://")) return server;
  why = "RTSP test server: " + (server->url_.empty() ? std::string("no answer") : server->url_);
  return nullptr;
}

RtspServer::~RtspServer() {
  input_.reset();
  kill();
}

std::string RtspServer::port() const {
  const auto colon = url_.rfind(':');
  return url_.substr(colon + 1, url_.rfind('/') - colon - 1);
}

void RtspServer::order(std::string_view word) {
  const std::string line = std::string(word) + "\n";
  if (::write(input_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size())) read_line();
}

void RtspServer::kill() {
  if (child_ < 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
  child_ = -1;
}

std::string RtspServer::read_line() {
  std::string line;
  for (char c = 0;;) {
    pollfd readable{output_.get(), POLLIN, 0};
    if (::poll(&readable, 1, patience_ms) <= 0) return {};
    if (::read(output_.get(), &c, 1) != 1 || c == '\n') return line;
    line.push_back(c);
  }
}

}  // namespace porchlight::test
