// SPDX-License-Identifier: Apache-2.0
#include "onvif/interfaces.hpp"

#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace porchlight::onvif {
namespace {

bool is_wanted(const ifaddrs& entry, const std::string& name) {
  if (entry.ifa_addr == nullptr || entry.ifa_addr->sa_family != AF_INET) return false;
  if ((entry.ifa_flags & IFF_UP) == 0) return false;
  if (!name.empty()) return name == entry.ifa_name;
  return (entry.ifa_flags & IFF_MULTICAST) != 0 && (entry.ifa_flags & IFF_LOOPBACK) == 0;
}

}  // namespace

Result<std::vector<Interface>> interfaces(const std::string& name) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return errno_error(errno, "list the network interfaces");
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  std::vector<Interface> found;
  for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const bool known =
        std::any_of(found.begin(), found.end(), [&](const auto& one) { return one.name == entry->ifa_name; });
    if (known || !is_wanted(*entry, name)) continue;
    sockaddr_in address{};
    std::memcpy(&address, entry->ifa_addr, sizeof address);
    found.push_back({entry->ifa_name, address.sin_addr});
  }
  if (found.empty())
    return Error(ErrorCode::not_found,
                 name.empty()
                     ? std::string("no network interface is up that has an IPv4 address and can multicast")
                     : "no interface '" + name + "' is up with an IPv4 address");
  return found;
}

}  // namespace porchlight::onvif
