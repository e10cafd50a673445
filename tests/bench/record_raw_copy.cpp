// SPDX-License-Identifier: Apache-2.0
// `record_raw_copy PORT PATH FILE…`: plays rtsp://127.0.0.1:PORT/PATH by TCP once per file, and copies what
// comes from the socket into it, bytes as they are: the least that a recorder could do. One thread, one
// epoll; until it is killed.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

struct Copy {
  int from = -1;
  int into = -1;
};

[[noreturn]] void give_up(const std::string& what) {
  std::perror(("record_raw_copy: " + what).c_str());
  std::exit(1);
}

// The head and the body of an answer; the first bytes of the stream may follow at once and are copied later.
std::string ask(int socket, const std::string& request) {
  if (::write(socket, request.data(), request.size()) < 0) give_up("ask");
  std::string answer;
  std::size_t end = std::string::npos, whole = 0;
  for (char c = 0; end == std::string::npos || answer.size() < whole;) {
    if (::read(socket, &c, 1) != 1) give_up("hear");
    answer.push_back(c);
    if (end != std::string::npos || !answer.ends_with("\r\n\r\n")) continue;
    end = answer.size();
    const auto at = answer.find("Content-Length: ");
    whole = end + (at == std::string::npos ? 0 : std::strtoul(answer.c_str() + at + 16, nullptr, 10));
  }
  return answer;
}

std::string line_behind(const std::string& text, const std::string& name, const std::string& ends) {
  const auto at = text.find(name);
  if (at == std::string::npos) return {};
  const auto begin = at + name.size();
  return text.substr(begin, text.find_first_of(ends, begin) - begin);
}

int play(std::uint16_t port, const std::string& path) {
  const int made = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) give_up("connect");
  const std::string url = "rtsp://127.0.0.1:" + std::to_string(port) + "/" + path;
  const auto described =
      ask(made, "DESCRIBE " + url + " RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n");
  const auto media = described.substr(described.find("m=video"));
  std::string control = line_behind(media, "a=control:", "\r\n");
  if (control.find("://") == std::string::npos) control = url + "/" + control;
  const auto set_up =
      ask(made, "SETUP " + control +
                    " RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n");
  const auto session = line_behind(set_up, "Session: ", ";\r\n");
  ask(made, "PLAY " + url + " RTSP/1.0\r\nCSeq: 3\r\nSession: " + session + "\r\n\r\n");
  return made;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<Copy> copies;
  for (int i = 3; i < argc; ++i) {
    Copy copy{play(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2]),
              ::open(argv[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (copy.into < 0) give_up(argv[i]);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = copies.size();
    ::epoll_ctl(poll, EPOLL_CTL_ADD, copy.from, &event);
    copies.push_back(copy);
  }
  std::puts("playing");
  std::fflush(stdout);
  static std::array<char, 256 * 1024> block;
  std::array<epoll_event, 64> events;
  for (;;) {
    const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const Copy& copy = copies[events[static_cast<std::size_t>(i)].data.u64];
      const auto got = ::read(copy.from, block.data(), block.size());
      if (got <= 0) give_up("read");
      if (::write(copy.into, block.data(), static_cast<std::size_t>(got)) != got) give_up("write");
    }
  }
}
