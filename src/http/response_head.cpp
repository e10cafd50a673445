// SPDX-License-Identifier: Apache-2.0
#include "http/response_head.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "http/text.hpp"

namespace porchlight::http {
namespace {

void append(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  head += value;
  head += "\r\n";
}

bool is_safe(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// Nothing here is a page yet, and nothing may be framed, sniffed or kept.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> security_headers = {{
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
}};

}  // namespace

std::string response_head(const Response& response, const Delivery& delivery) {
  std::string head;
  head.reserve(512);
  head += "HTTP/1.1 " + std::to_string(response.status) + ' ';
  head += reason_phrase(response.status);
  head += "\r\n";
  append(head, "Date", http_date(delivery.date));
  bool caching_named = false;
  for (const auto& [name, value] : response.headers) {
    if (!is_safe(name) || !is_safe(value)) continue;
    caching_named = caching_named || equal_without_case(name, "cache-control");
    append(head, name, value);
  }
  if (!caching_named) append(head, "Cache-Control", "no-store");
  if (response.status != 204) append(head, "Content-Length", std::to_string(response.body.size()));
  append(head, "X-Request-ID", delivery.request_id);
  for (const auto& [name, value] : security_headers) append(head, name, value);
  if (!delivery.keep_alive) append(head, "Connection", "close");
  if (delivery.keep_alive && delivery.version == 10) append(head, "Connection", "keep-alive");
  head += "\r\n";
  return head;
}

// Not strftime: its names follow the locale.
std::string http_date(WallTime time) {
  static constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return text.data();
}

}  // namespace porchlight::http
