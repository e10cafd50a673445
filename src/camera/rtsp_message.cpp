// SPDX-License-Identifier: Apache-2.0
#include "rtsp_message.hpp"

#include <algorithm>
#include <charconv>

namespace porchlight::camera {
namespace {

constexpr int usual_timeout = 60;  // seconds; RFC 2326, 12.37

Error corrupt(std::string text) {
  return Error(ErrorCode::corrupt, std::move(text));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Cuts the next line off, without its end: CRLF, or either alone, as RFC 2326 (4) and libav have it. A CR
// left within a line would be a second media description to libav that we never saw.
std::string_view next_line(std::string_view& rest) {
  const auto end = rest.find_first_of("\r\n");
  const auto line = rest.substr(0, end);
  if (end == std::string_view::npos)
    rest = {};
  else
    rest.remove_prefix(end + (rest.substr(end).starts_with("\r\n") ? 2 : 1));
  return line;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return !text.empty() && read.ec == std::errc() && read.ptr == end;
}

// `METHOD url RTSP/1.0`
bool parse_request(std::string_view line, RtspHead& head) {
  const auto space = line.find(' ');
  const auto last = line.rfind(' ');
  if (space == std::string_view::npos || space == 0 || last <= space ||
      !line.substr(last).starts_with(" RTSP/1."))
    return false;
  const auto method = line.substr(0, space);
  if (method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != std::string_view::npos) return false;
  head.method = std::string(method);
  return true;
}

Status parse_status(std::string_view line, RtspHead& head) {
  if (!line.starts_with("RTSP/1.") || line.size() < 12 || line[8] != ' ' ||
      !read_number(line.substr(9, 3), head.status) || head.status < 100)
    return corrupt("the answer does not begin as RTSP");
  head.reason = std::string(trimmed(line.substr(12)));
  return {};
}

std::string_view attribute(std::string_view line, std::string_view name) {
  const std::string begin = "a=" + std::string(name) + ":";
  return line.starts_with(begin) ? trimmed(line.substr(begin.size())) : std::string_view{};
}

// RFC 2326, C.1.1: absolute, relative to the base, or `*`: the base itself.
std::string resolved(const std::string& base, std::string_view control) {
  if (control.empty() || control == "*") return base;
  if (control.find("://") != std::string_view::npos) return std::string(control);
  return base + (base.ends_with('/') ? "" : "/") + std::string(control);
}

}  // namespace

std::string_view RtspHead::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

Result<RtspHead> parse_head(std::string_view text) {
  RtspHead head;
  const auto first = next_line(text);
  if (!parse_request(first, head))
    if (auto s = parse_status(first, head); !s) return s.error();
  while (!text.empty()) {
    const auto line = next_line(text);
    if (line.empty()) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return corrupt("a header of the answer has no name");
    head.headers.emplace_back(lower(trimmed(line.substr(0, colon))), trimmed(line.substr(colon + 1)));
  }
  const auto length = head.header("content-length");
  if (!length.empty() && (!read_number(length, head.body) || head.body > longest_body))
    return corrupt("the answer's length is no number up to 64 KiB");
  return head;
}

std::pair<std::string, int> parse_session(std::string_view value) {
  const auto end = value.find(';');
  std::pair<std::string, int> session{trimmed(value.substr(0, end)), usual_timeout};
  const auto at = value.find("timeout=");
  if (at == std::string_view::npos) return session;
  auto number = value.substr(at + 8);
  number = trimmed(number.substr(0, number.find(';')));
  int seconds = 0;
  if (read_number(number, seconds) && seconds > 0) session.second = seconds;
  return session;
}

Result<Channels> parse_channels(std::string_view header) {
  const auto words = lower(header);
  std::string_view rest = words;
  // Some cameras leave /TCP out and name the channels all the same.
  bool on_this_connection = rest.empty() || rest.find("/tcp") != std::string_view::npos;
  Channels channels;
  while (!rest.empty()) {
    const auto part = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const auto equals = part.find('=');
    if (trimmed(part.substr(0, equals)) != "interleaved") continue;
    const auto value =
        equals == std::string_view::npos ? std::string_view{} : trimmed(part.substr(equals + 1));
    const auto dash = value.find('-');
    if (!read_number(value.substr(0, dash), channels.rtp))
      return corrupt("the answer to SETUP names channels that are none");
    channels.rtcp = channels.rtp;
    if (dash != std::string_view::npos && !read_number(value.substr(dash + 1), channels.rtcp))
      return corrupt("the answer to SETUP names channels that are none");
    on_this_connection = true;
    break;
  }
  if (!on_this_connection)
    return Error(ErrorCode::unsupported,
                 "the camera wants to send its pictures past the encrypted connection");
  return channels;
}

Result<VideoDescription> video_of(std::string_view sdp, const std::string& base) {
  VideoDescription video;
  std::string session_control, media_control;
  bool in_session = true, in_video = false, found = false;
  for (std::string_view rest = sdp; !rest.empty();) {
    const auto line = next_line(rest);
    if (line.empty()) continue;
    if (line.starts_with("m=")) {
      in_session = false;
      in_video = !found && line.starts_with("m=video ");
      found = found || in_video;
      if (in_video && line.find(" RTP/AVP ") == std::string_view::npos)
        return Error(ErrorCode::unsupported, "its video travels neither as RTP/AVP nor otherwise as we know");
    }
    if (!in_session && !in_video) continue;
    video.sdp += std::string(line) + "\r\n";
    const auto control = attribute(line, "control");
    if (!control.empty()) (in_video ? media_control : session_control) = std::string(control);
  }
  if (!found) return corrupt("its description has no video in it");
  video.control = resolved(base, session_control);
  video.setup = resolved(base, media_control);
  return video;
}

}  // namespace porchlight::camera
