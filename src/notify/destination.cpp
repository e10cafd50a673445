// SPDX-License-Identifier: Apache-2.0
#include "notify/destination.hpp"

#include <algorithm>

namespace porchlight::notify {

using namespace std::chrono_literals;

std::string fault_of_url(const std::string& url) {
  const auto colon = url.find("://");
  if (colon == std::string::npos) return "the url begins with https:// or http://";
  const auto scheme = url.substr(0, colon);
  if (scheme != "http" && scheme != "https") {
    const auto near = config::suggestion(scheme, {"http", "https"});
    return "unknown scheme '" + scheme + "'" +
           (near ? " (did you mean '" + *near + "'?)" : " (https or http)");
  }
  // A backslash would be a slash to some and part of the host to others, and then be printed.
  if (std::any_of(url.begin(), url.end(), [](char c) { return (c >= 0 && c <= ' ') || c == '\\'; }))
    return "the url has a blank or a backslash in it";
  return url.size() > colon + 3 && url[colon + 3] != '/' ? "" : "the url names no host";
}

Destination read_destination(config::Section& section, const char* key, std::string fallback) {
  Destination destination;
  destination.url = fallback.empty() ? section.required_text(key) : section.text(key, std::move(fallback));
  if (!destination.url.empty())
    if (const auto fault = fault_of_url(destination.url); !fault.empty()) section.fault(key, fault);
  destination.client.ca_file = section.text("ca_file", "");
  destination.client.total_timeout = section.duration("timeout", 15s, 1s, 60s);
  destination.client.connect_timeout =
      std::min<std::chrono::milliseconds>(5s, destination.client.total_timeout);
  return destination;
}

Destination read_server(config::Section& section, const char* key, std::string fallback) {
  auto destination = read_destination(section, key, std::move(fallback));
  if (destination.url.find_first_of("?#") != std::string::npos)
    section.fault(key, "the url of the server ends before its query");
  while (destination.url.ends_with('/')) destination.url.pop_back();
  return destination;
}

std::string read_secret(config::Section& section, const char* key, bool (*allowed)(char)) {
  auto secret = section.required_text(key);
  if (std::all_of(secret.begin(), secret.end(), allowed)) return secret;
  section.fault(key, "has a character that cannot be in it; a line end, perhaps");
  return {};
}

}  // namespace porchlight::notify
