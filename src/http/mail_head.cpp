// SPDX-License-Identifier: Apache-2.0
#include "http/mail_head.hpp"

#include <openssl/evp.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "porchlight/base/one_line.hpp"
#include "porchlight/base/utf8.hpp"

namespace porchlight::http {
namespace {

constexpr std::size_t longest_line = 76;     // RFC 2047, 2: of a line with encoded words
constexpr std::size_t bytes_of_a_word = 36;  // with the header's name and the word's frame within that
constexpr std::size_t longest_text = 300;    // of a subject: phones show 40

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string valid_utf8(std::string_view text) {
  std::string out(text);
  if (!is_utf8(text))
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the function's final zero
  const auto size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

bool is_plain(std::string_view line) {
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  return std::all_of(line.begin(), line.end(), printable) && line.find("=?") == std::string_view::npos &&
         !line.starts_with(' ') && !line.ends_with(' ');
}

std::string address_list(std::string_view name, const std::vector<std::string>& addresses) {
  std::string line(name);
  for (const auto& address : addresses) line += (&address == &addresses.front() ? ": " : ",\r\n ") + address;
  return line;
}

}  // namespace

std::string text_header(std::string_view name, std::string_view text) {
  const auto line = one_line(text, longest_text);
  auto header = std::string(name) + ":";
  if (is_plain(line) && header.size() + 1 + line.size() <= longest_line) return header + " " + line;
  for (std::string_view rest = line; !rest.empty();) {
    const auto word = utf8_prefix(rest, bytes_of_a_word);
    header += (rest.data() == line.data() ? " =?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(word) + "?=";
    rest.remove_prefix(word.size());
  }
  return header;
}

std::string mail_date(WallTime time) {
  // By hand: strftime speaks the locale's language.
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds =
      static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
  std::tm date{};
  ::gmtime_r(&seconds, &date);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %d %s %d %02d:%02d:%02d +0000",
                days.at(static_cast<std::size_t>(date.tm_wday)), date.tm_mday,
                months.at(static_cast<std::size_t>(date.tm_mon)), date.tm_year + 1900, date.tm_hour,
                date.tm_min, date.tm_sec);
  return text.data();
}

std::string body_text(std::string_view text) {
  std::string out;
  const auto valid = valid_utf8(text);
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    if (c == '\r' && i + 1 < valid.size() && valid[i + 1] == '\n') continue;
    if (c == '\n' || c == '\r')
      out += "\r\n";
    else if (!is_control(c) || c == '\t')
      out += c;
  }
  return out;
}

std::vector<std::string> head_lines(const Mail& mail) {
  // The name in front of <address> is free text too, but stays on the address's line.
  std::vector<std::string> lines{text_header("From", mail.from_name) + " <" + mail.from + ">",
                                 address_list("To", mail.to_header), text_header("Subject", mail.subject),
                                 "Date: " + mail_date(mail.date), "Message-ID: " + mail.message_id};
  if (!mail.in_reply_to.empty()) {
    lines.push_back("In-Reply-To: " + mail.in_reply_to);
    lines.push_back("References: " + mail.in_reply_to);
  }
  for (const auto& [name, value] : mail.headers) lines.push_back(name + ": " + value);
  return lines;
}

}  // namespace porchlight::http
