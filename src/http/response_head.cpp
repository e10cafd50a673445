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

// What goes with every answer unless the route names the header itself (only the last two may be).
struct StandingHeader {
  std::string_view name;
  std::string_view value;
  bool replaceable = false;
};
constexpr std::array<StandingHeader, 6> standing_headers = {{
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'", true},
    {"Cache-Control", "no-store", true},
}};

bool names(const Response& response, std::string_view wanted) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [wanted](const auto& header) { return equal_without_case(header.first, wanted); });
}

std::uint64_t length_of_body(const Response& response) {
  if (response.file) return response.file->length();
  return response.shared ? length_of(response.shared->slices) : response.body.size();
}

void append_length(std::string& head, const Response& response) {
  if (response.stream || response.socket || response.status == 204 || response.status == 304) return;
  append(head, "Content-Length", std::to_string(length_of_body(response)));
}

void append_connection(std::string& head, const Response& response, const Delivery& delivery) {
  if (response.socket) {
    append(head, "Upgrade", "websocket");
    append(head, "Connection", "Upgrade");
  } else if (!delivery.keep_alive) {
    append(head, "Connection", "close");
  } else if (delivery.version == 10) {
    append(head, "Connection", "keep-alive");
  }
}

}  // namespace

std::string response_head(const Response& response, const Delivery& delivery) {
  std::string head;
  head.reserve(768);
  head += "HTTP/1.1 " + std::to_string(response.status) + ' ';
  head += reason_phrase(response.status);
  head += "\r\n";
  append(head, "Date", http_date(delivery.date));
  for (const auto& [name, value] : response.headers) {
    if (is_safe(name) && is_safe(value)) append(head, name, value);
  }
  append_length(head, response);
  append(head, "X-Request-ID", delivery.request_id);
  if (!delivery.correlation_id.empty()) append(head, "X-Correlation-ID", delivery.correlation_id);
  for (const auto& standing : standing_headers) {
    if (!standing.replaceable || !names(response, standing.name)) append(head, standing.name, standing.value);
  }
  if (delivery.strict_transport) append(head, "Strict-Transport-Security", "max-age=31536000");
  append_connection(head, response, delivery);
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
