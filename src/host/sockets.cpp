// SPDX-License-Identifier: Apache-2.0
#include "host/sockets.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <string>

#include "host/reading.hpp"

namespace porchlight::host {
namespace {

// The table is a walk over the whole machine's connections: milliseconds where its hash is large. A socket
// stays in TIME_WAIT for a minute.
constexpr std::chrono::seconds walk_period{60};
constexpr std::size_t longest_table = 8 << 20;

std::optional<int> tcp_state(int fd) {
  int protocol = 0;
  ::socklen_t size = sizeof protocol;
  if (::getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 || protocol != IPPROTO_TCP)
    return std::nullopt;
  tcp_info info{};
  size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  return info.tcpi_state;
}

void note_port(int fd, OwnSockets& own) {
  sockaddr_storage address{};
  ::socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return;
  if (address.ss_family == AF_INET)
    own.ports.insert(ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port));
  if (address.ss_family == AF_INET6)
    own.ports_v6.insert(ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port));
}

constexpr const char* descriptors_folder = "/proc/self/fd";

// A descriptor may be closed and given to something else at any moment: then one number is off by one for
// five seconds. By its name, as any file of /proc, and not as a descriptor that would be ours.
void count(int fd, std::set<ino_t>& seen, OwnSockets& own) {
  struct stat file {};
  const auto name = std::string(descriptors_folder) + '/' + std::to_string(fd);
  // One socket may have several descriptors.
  if (::stat(name.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode) || !seen.insert(file.st_ino).second) return;
  const auto state = tcp_state(fd);
  if (!state || *state == TCP_CLOSE) return;
  switch (*state) {
    case TCP_ESTABLISHED:
      ++own.established;
      return;
    case TCP_LISTEN:
      ++own.listen;
      note_port(fd, own);
      return;
    case TCP_CLOSE_WAIT:
      ++own.close_wait;
      return;
    default:
      ++own.other;
  }
}

}  // namespace

std::optional<OwnSockets> own_sockets() {
  OwnSockets own;
  const auto descriptors = names_in(descriptors_folder);
  if (descriptors.empty()) return std::nullopt;
  std::set<ino_t> seen;
  for (const auto& name : descriptors)
    if (const auto fd = number_in(name); fd && *fd <= INT32_MAX) count(static_cast<int>(*fd), seen, own);
  return own;
}

// "   0: 0100007F:1F40 00000000:0000 06 …"
std::size_t time_waits_in(std::string_view table, const std::set<std::uint16_t>& ports) {
  constexpr std::string_view time_wait = "06";
  std::size_t found = 0;
  each_line(table, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() < 4 || words[3] != time_wait) return;
    const auto colon = words[1].rfind(':');
    const auto port =
        colon == std::string_view::npos ? std::nullopt : number_in(words[1].substr(colon + 1), 16);
    if (port && *port <= UINT16_MAX && ports.contains(static_cast<std::uint16_t>(*port))) ++found;
  });
  return found;
}

void Sockets::count_time_waits(MonotonicTime now, const std::filesystem::path& root, const OwnSockets& own) {
  if (counted_ && now - *counted_ < walk_period) return;
  counted_ = now;
  time_waits_ = 0;
  const auto walk = [&](const char* name, const std::set<std::uint16_t>& ports) {
    if (ports.empty() || !time_waits_) return;
    const auto table = text_of(root / "proc/self/net" / name, longest_table);
    if (table.empty())
      time_waits_.reset();  // not there, or longer than is good to read
    else
      *time_waits_ += time_waits_in(table, ports);
  };
  walk("tcp", own.ports);
  walk("tcp6", own.ports_v6);
}

void Sockets::sample(MonotonicTime now, const std::filesystem::path& root, telemetry::Samples& samples) {
  const auto own = own_sockets();
  if (!own) return;
  count_time_waits(now, root, *own);
  const auto add = [&samples](const char* state, std::size_t number) {
    samples.push_back({"network_connections", {{"state", state}}, static_cast<double>(number)});
  };
  add("established", own->established);
  add("listen", own->listen);
  add("close_wait", own->close_wait);
  add("other", own->other);
  if (time_waits_) add("time_wait", *time_waits_);
}

}  // namespace porchlight::host
