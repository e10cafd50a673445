// SPDX-License-Identifier: Apache-2.0
#include "gpio/fake_chips.hpp"

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace porchlight::gpio {
namespace {

std::string socket_name() {
  return "@porchlight-gpio-test-" + std::to_string(::getpid());
}

std::pair<sockaddr_un, socklen_t> abstract_address(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path, sizeof address.sun_path - 1);
  address.sun_path[0] = '\0';
  return {address, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())};
}

}  // namespace

FakeChips::FakeChips() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un any{};
  any.sun_family = AF_UNIX;
  // A bare family makes the kernel choose an address, so that there is one to answer to.
  EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(sa_family_t)), 0);
  const auto [address, size] = abstract_address(socket_name());
  EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0)
      << "this program does not run under the fake GPIO chips: " << std::strerror(errno);
  const timeval limit{20, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

std::string FakeChips::tell(const std::string& commands) {
  std::array<char, 4096> buffer;
  EXPECT_EQ(::send(socket_.get(), commands.data(), commands.size(), 0),
            static_cast<ssize_t>(commands.size()));
  const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  std::string answer(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  EXPECT_FALSE(answer.empty() || answer.starts_with("error")) << "'" << commands << "': '" << answer << "'";
  while (answer.ends_with('\n')) answer.pop_back();
  return answer;
}

void FakeChips::drive(unsigned line, const std::vector<Level>& burst) {
  std::string commands;
  for (const auto& [at, level] : burst) {
    commands += std::string(header_chip) + "/" + std::to_string(line) + "=" + std::to_string(level) + " @" +
                std::to_string(at.time_since_epoch().count()) + "\n";
  }
  tell(commands);
}

void run_under_fake(char** arguments) {
  // Kept over exec(): the process id is the same.
  const char* running = std::getenv("GPIOFAKE");
  if (running != nullptr && socket_name() == running) return;
  ::setenv("GPIOFAKE", socket_name().c_str(), 1);
  ::setenv("GPIOFAKE_CHIPS", fake_chips_spec, 1);
  ::setenv("LD_PRELOAD", GPIOFAKE_LIBRARY, 1);
  // The fake is preloaded before the sanitizer, on purpose.
  const char* options = std::getenv("ASAN_OPTIONS");
  ::setenv("ASAN_OPTIONS",
           ((options != nullptr ? std::string(options) + ":" : "") + "verify_asan_link_order=0").c_str(), 1);
  ::execv("/proc/self/exe", arguments);
}

}  // namespace porchlight::gpio
