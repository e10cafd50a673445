// SPDX-License-Identifier: Apache-2.0
#include "porchlight/onvif/search.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "onvif/interfaces.hpp"
#include "onvif/probe.hpp"
#include "onvif/security.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::onvif {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t most_devices = 256;
constexpr std::ptrdiff_t most_of_a_host = 8;  // one that answers for many does not crowd out the others
constexpr int most_datagrams = 4096;          // a flood ends the search, not the memory
constexpr std::uint16_t discovery_port = 3702;
constexpr auto* discovery_group = "239.255.255.250";

struct Question {
  std::string id;
  std::string text;
};

// One for each kind: some devices answer only the one, some only the other.
Result<std::vector<Question>> questions() {
  std::vector<Question> list;
  for (const auto sought : {Sought::video_transmitter, Sought::device}) {
    auto id = random_urn();
    if (!id) return std::move(id).error();
    list.push_back({*id, probe_message(sought, *id)});
  }
  return list;
}

Result<UniqueFd> socket_on(const Interface& interface) {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error(errno, "open a UDP socket");
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr = interface.address;
  ip_mreqn out{};
  out.imr_address = interface.address;
  const int hops = 1;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
      ::setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out) != 0 ||
      ::setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops) != 0)
    return errno_error(errno, "multicast on '" + interface.name + "'");
  return fd;
}

Status send_all(int fd, const std::vector<Question>& asked, const sockaddr* to, socklen_t size) {
  for (const auto& question : asked)
    if (::sendto(fd, question.text.data(), question.text.size(), MSG_NOSIGNAL, to, size) < 0)
      return errno_error(errno, "send a probe");
  return {};
}

Status send_to_group(int fd, const std::vector<Question>& asked) {
  sockaddr_in group{};
  group.sin_family = AF_INET;
  group.sin_port = htons(discovery_port);
  ::inet_pton(AF_INET, discovery_group, &group.sin_addr);
  return send_all(fd, asked, reinterpret_cast<const sockaddr*>(&group), sizeof group);
}

std::string address_text(const sockaddr_storage& address, socklen_t size) {
  std::array<char, NI_MAXHOST> text{};
  ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, text.data(), text.size(), nullptr, 0,
                NI_NUMERICHOST);
  return text.data();
}

// Collects answers, each device once.
class Answers {
 public:
  explicit Answers(const std::vector<Question>& asked) : buffer_(64 << 10) {
    for (const auto& question : asked) ids_.push_back(question.id);
  }

  // Everything that has arrived. Errors of the socket are a host that refuses: no answer.
  void take(int fd) {
    sockaddr_storage from{};
    for (socklen_t size = sizeof from; datagrams_ < most_datagrams; size = sizeof from) {
      const auto got =
          ::recvfrom(fd, buffer_.data(), buffer_.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 0) {
        refused_ = refused_ || errno == ECONNREFUSED;
        return;
      }
      ++datagrams_;
      if (auto read = read_probe_matches({buffer_.data(), static_cast<std::size_t>(got)}, ids_))
        for (auto& one : *read) keep(std::move(one), address_text(from, size));
    }
  }

  bool full() const { return datagrams_ >= most_datagrams; }
  bool refused() const { return refused_; }
  std::vector<Found>& found() { return found_; }

 private:
  // The same endpoint from another host is another device, or a lie that must not hide the first.
  void keep(Found one, std::string from) {
    one.from = std::move(from);
    const auto same_host =
        std::count_if(found_.begin(), found_.end(), [&](const Found& had) { return had.from == one.from; });
    if (same_host >= most_of_a_host) return;
    const bool known = std::any_of(found_.begin(), found_.end(), [&](const Found& had) {
      return had.from == one.from && (had.endpoint == one.endpoint || had.addresses == one.addresses);
    });
    if (!known && found_.size() < most_devices) found_.push_back(std::move(one));
  }

  std::vector<char> buffer_;
  std::vector<std::string> ids_;
  std::vector<Found> found_;
  int datagrams_ = 0;
  bool refused_ = false;
};

// Waits until something has arrived or the time is there.
void wait(const std::vector<UniqueFd>& sockets, SteadyTime until) {
  std::vector<pollfd> list;
  for (const auto& fd : sockets) list.push_back({fd.get(), POLLIN, 0});
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  ::poll(list.data(), list.size(), static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
}

// Asks on each interface; the error of the last one when it goes on none.
Result<std::vector<UniqueFd>> ask_on(const std::vector<Interface>& list, const std::vector<Question>& asked,
                                     std::vector<std::string>& names) {
  std::vector<UniqueFd> sockets;
  Error fault(ErrorCode::not_found, "no network interface");
  for (const auto& interface : list) {
    auto fd = socket_on(interface);
    auto sent = fd ? send_to_group(fd->get(), asked) : Status(fd.error());
    if (!sent) {
      fault = std::move(sent).error().context("search on '" + interface.name + "'");
      continue;
    }
    sockets.push_back(std::move(*fd));
    names.push_back(interface.name);
  }
  if (sockets.empty()) return fault;
  return sockets;
}

// Until the time is over or a flood comes; asks once more, since a datagram may be lost.
void listen(const std::vector<UniqueFd>& sockets, const std::vector<Question>& asked,
            std::chrono::milliseconds for_so_long, SearchResult& result) {
  const auto begin = std::chrono::steady_clock::now();
  const auto again = begin + for_so_long / 4;
  const auto end = begin + for_so_long;
  Answers answers(asked);
  for (bool repeated = false; std::chrono::steady_clock::now() < end && !answers.full();) {
    wait(sockets, repeated ? end : again);
    for (const auto& fd : sockets) answers.take(fd.get());
    if (repeated || std::chrono::steady_clock::now() < again) continue;
    repeated = true;
    for (const auto& fd : sockets) static_cast<void>(send_to_group(fd.get(), asked));
  }
  result.found = std::move(answers.found());
  result.flooded = answers.full();
}

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<AddressList> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  if (const int fault = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list); fault != 0)
    return Error(ErrorCode::not_found, "look up '" + host + "': " + ::gai_strerror(fault));
  return AddressList(list, ::freeaddrinfo);
}

}  // namespace

Result<SearchResult> search(const SearchOptions& options) {
  const auto list = interfaces(options.interface);
  if (!list) return list.error();
  const auto asked = questions();
  if (!asked) return asked.error();
  SearchResult result;
  const auto sockets = ask_on(*list, *asked, result.interfaces);
  if (!sockets) return sockets.error();
  listen(*sockets, *asked, options.wait, result);
  return result;
}

Result<std::vector<Found>> search_at(const std::string& host, std::uint16_t port,
                                     std::chrono::milliseconds wait_for) {
  const auto addresses = look_up(host, port);
  if (!addresses) return addresses.error();
  const auto asked = questions();
  if (!asked) return asked.error();
  const auto& address = **addresses;
  std::vector<UniqueFd> sockets;
  sockets.emplace_back(::socket(address.ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int fd = sockets.front().get();
  // Connected: the kernel lets no other host's answer in, and says when nobody listens there.
  if (fd < 0 || ::connect(fd, address.ai_addr, address.ai_addrlen) != 0)
    return errno_error(errno, "probe '" + host + "'");
  if (auto sent = send_all(fd, *asked, nullptr, 0); !sent) {
    // The second probe meets the refusal of the first.
    if (sent.error().code() == ErrorCode::network) return std::vector<Found>{};
    return std::move(sent).error().context("probe '" + host + "'");
  }
  Answers answers(*asked);
  const auto until = std::chrono::steady_clock::now() + wait_for;
  while (answers.found().empty() && !answers.refused() && !answers.full() &&
         std::chrono::steady_clock::now() < until) {
    wait(sockets, until);
    answers.take(fd);
  }
  if (answers.found().empty() && answers.full())
    return Error(ErrorCode::corrupt, "probe '" + host + "': " + std::to_string(most_datagrams) +
                                         " datagrams came, and none is an answer");
  return std::move(answers.found());
}

}  // namespace porchlight::onvif
