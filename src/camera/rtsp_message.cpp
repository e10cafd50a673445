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

Result<Channels> parse_channels(std::string_view header, Channels asked) {
  const auto words = lower(header);
  std::string_view rest = words;
  // Some cameras leave /TCP out and name the channels all the same.
  bool on_this_connection = rest.empty() || rest.find("/tcp") != std::string_view::npos;
  Channels channels = asked;
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

namespace {

// One media description: its lines, what they name, and how its packets travel.
struct Media {
  std::string sdp;
  std::string control;
  bool is_plain_rtp = false;
  std::string_view payload_type;  // the first
};

Media begin_media(std::string_view line) {
  Media media;
  constexpr std::string_view plain = " RTP/AVP ";
  const auto at = line.find(plain);
  media.is_plain_rtp = at != std::string_view::npos;
  if (media.is_plain_rtp) {
    const auto types = line.substr(at + plain.size());
    media.payload_type = types.substr(0, types.find(' '));
  }
  return media;
}

}  // namespace

Result<VideoDescription> video_of(std::string_view sdp, const std::string& base) {
  Media session, video, audio, other;
  Media* now = &session;
  bool has_video = false, has_audio = false;
  for (std::string_view rest = sdp; !rest.empty();) {
    const auto line = next_line(rest);
    if (line.empty()) continue;
    if (line.starts_with("m=")) {
      now = &other;
      if (!has_video && line.starts_with("m=video ")) now = &video;
      if (!has_audio && line.starts_with("m=audio ") && line.find(" RTP/AVP ") != std::string_view::npos)
        now = &audio;
      has_video = has_video || now == &video;
      has_audio = has_audio || now == &audio;
      *now = begin_media(line);
    }
    now->sdp += std::string(line) + "\r\n";
    const auto control = attribute(line, "control");
    if (!control.empty()) now->control = std::string(control);
  }
  if (!has_video) return corrupt("its description has no video in it");
  if (!video.is_plain_rtp)
    return Error(ErrorCode::unsupported, "its video travels neither as RTP/AVP nor otherwise as we know");
  VideoDescription found{
      session.sdp + video.sdp, resolved(base, video.control), resolved(base, session.control), {}, {}};
  // What listens to us (RFC 3264: recvonly) has nothing to say.
  const bool speaks =
      audio.sdp.find("a=recvonly") == std::string::npos && audio.sdp.find("a=inactive") == std::string::npos;
  if (!has_audio || !speaks || audio.payload_type == video.payload_type) return found;
  found.audio_sdp = audio.sdp;
  found.audio_setup = resolved(base, audio.control);
  return found;
}

}  // namespace porchlight::camera
