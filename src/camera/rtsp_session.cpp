// SPDX-License-Identifier: Apache-2.0
#include "rtsp_session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "url.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t usual_port = 322;  // RFC 7826, 19.2
constexpr auto nap = 100ms;
constexpr std::size_t block = 64 * 1024;
constexpr char dollar = '$';
constexpr std::size_t frame_head = 4;  // $, channel, length

std::uint16_t port_of(std::string_view url) {
  auto rest = url.substr(std::min(url.find("://") + 3, url.size()));
  rest = rest.substr(0, rest.find_first_of("/?#"));
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || rest.find(']', colon) != std::string_view::npos) return usual_port;
  std::uint16_t port = 0;
  const auto digits = rest.substr(colon + 1);
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, port);
  return read.ec == std::errc() && read.ptr == end && port > 0 ? port : usual_port;
}

}  // namespace

Result<std::unique_ptr<RtspSession>> RtspSession::play(const Address& address, Guard& guard,
                                                       const Clock& clock) {
  std::unique_ptr<RtspSession> session(new RtspSession(address, guard, clock));
  if (auto s = session->connect(address); !s) return session->explain(s.error());
  if (auto s = session->describe(); !s) return session->explain(s.error());
  if (auto s = session->set_up(); !s) return session->explain(s.error());
  if (address.audio && !session->video_.audio_setup.empty())
    if (auto s = session->set_up_audio(); !s) return session->explain(s.error());
  const auto playing = session->ask("PLAY", session->video_.control,
                                    "Session: " + session->session_ + "\r\nRange: npt=0.000-\r\n");
  if (!playing) return session->explain(playing.error());
  return session;
}

RtspSession::~RtspSession() {
  if (!link_ || session_.empty()) return;
  const std::string bye = "TEARDOWN " + video_.control + " RTSP/1.0\r\nCSeq: " + std::to_string(++sequence_) +
                          "\r\nSession: " + session_ + "\r\n\r\n";
  static_cast<void>(link_->write(bye, [] { return false; }).ok());
}

Status RtspSession::connect(const Address& address) {
  auto link =
      http::TlsConnection::open({host_of(address.url), port_of(address.url), address.ca_file, address.verify},
                                [this] { return guard_.go_on() && !guard_.expired(); });
  if (!link) return link.error();
  link_ = std::move(*link);
  return {};
}

Status RtspSession::describe() {
  auto answer = ask("DESCRIBE", url_, "Accept: application/sdp\r\n");
  if (!answer) return answer.error();
  auto base = std::string(answer->head.header("content-base"));
  if (base.empty()) base = std::string(answer->head.header("content-location"));
  auto video = video_of(answer->body, base.empty() ? url_ : base);
  if (!video) return video.error();
  video_ = std::move(*video);
  return {};
}

Status RtspSession::set_up() {
  const auto answer = ask("SETUP", video_.setup, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
  if (!answer) return answer.error();
  const auto [id, seconds] = parse_session(answer->head.header("session"));
  if (id.empty()) return Error(ErrorCode::corrupt, "the answer to SETUP names no session");
  const auto channels = parse_channels(answer->head.header("transport"));
  if (!channels) return channels.error();
  channels_ = *channels;
  session_ = id;
  keep_alive_every_ = std::max(1s, std::chrono::seconds(seconds) / 2);
  return {};
}

// A camera that refuses it, or wants to send it elsewhere, is seen and not heard. The session is the video's.
Status RtspSession::set_up_audio() {
  constexpr Channels asked{2, 3};
  const std::string transport =
      "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\nSession: " + session_ + "\r\n";
  auto answer = ask_once("SETUP", video_.audio_setup, transport);
  if (answer && answer->head.status == 401 && login_.take(answer->head))
    answer = ask_once("SETUP", video_.audio_setup, transport);
  if (!answer) return answer.error();
  if (answer->head.status != 200) return {};
  const auto channels = parse_channels(answer->head.header("transport"), asked);
  if (!channels) return {};
  audio_channels_ = *channels;
  video_.sdp += video_.audio_sdp;
  return {};
}

bool RtspSession::is_ours(std::uint8_t channel) const noexcept {
  if (channel == channels_.rtp || channel == channels_.rtcp) return true;
  return audio_channels_ && (channel == audio_channels_->rtp || channel == audio_channels_->rtcp);
}

// A challenge is answered once: a second refusal means that the login is wrong.
Result<RtspSession::Answer> RtspSession::ask(std::string_view method, const std::string& url,
                                             const std::string& more) {
  auto answer = ask_once(method, url, more);
  if (answer && answer->head.status == 401 && login_.take(answer->head)) answer = ask_once(method, url, more);
  if (answer && answer->head.status != 200) return refused(method, answer->head);
  return answer;
}

Result<RtspSession::Answer> RtspSession::ask_once(std::string_view method, const std::string& url,
                                                  const std::string& more) {
  if (auto s = send(method, url, more); !s) return s.error();
  return hear();
}

Status RtspSession::send(std::string_view method, const std::string& url, const std::string& more) {
  std::string text = std::string(method) + " " + url + " RTSP/1.0\r\nCSeq: " + std::to_string(++sequence_) +
                     "\r\nUser-Agent: porchlight\r\n";
  const auto login = login_.answer(method, url);
  if (!login.empty()) text += "Authorization: " + login + "\r\n";
  text += more + "\r\n";
  said_ = clock_.now();
  return link_->write(text, [this] { return guard_.go_on() && !guard_.expired(); });
}

// Pictures may come before the answer to PLAY is read, and are let go.
Result<RtspSession::Answer> RtspSession::hear() {
  for (;;) {
    if (auto s = have(frame_head); !s) return s.error();
    if (buffer_[read_] == dollar) {
      const auto size = frame_head + (static_cast<std::uint8_t>(buffer_[read_ + 2]) << 8 |
                                      static_cast<std::uint8_t>(buffer_[read_ + 3]));
      if (auto s = have(size); !s) return s.error();
      drop(size);
      continue;
    }
    auto heard = message();
    if (!heard || heard->head.method.empty()) return heard;
    if (auto s = decline(heard->head); !s) return s.error();
  }
}

// What begins here, an answer or a request.
Result<RtspSession::Answer> RtspSession::message() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n", read_)) == std::string::npos) {
    if (buffer_.size() - read_ > longest_head)
      return Error(ErrorCode::corrupt, "the answer's head is longer than 16 KiB");
    if (auto s = more(); !s) return s.error();
  }
  auto head = parse_head(std::string_view(buffer_).substr(read_, end - read_));
  if (!head) return head.error();
  drop(end + 4 - read_);
  const auto size = head->body;
  if (auto s = have(size); !s) return s.error();
  Answer answer{std::move(*head), buffer_.substr(read_, size)};
  drop(size);
  return answer;
}

// A camera may ask, too (RFC 2326, 10); that it is answered is what it wants to know.
Status RtspSession::decline(const RtspHead& request) {
  const std::string text =
      "RTSP/1.0 501 Not Implemented\r\nCSeq: " + std::string(request.header("cseq")) + "\r\n\r\n";
  return link_->write(text, [this] { return guard_.go_on() && !guard_.expired(); });
}

// A nonce that has grown old is replaced at once: the camera does not count a keep-alive that it refused.
Status RtspSession::keep_answered(const Answer& answer) {
  if (answer.head.status != 401) {
    challenged_ = false;
    return {};
  }
  if (std::exchange(challenged_, true) || !login_.take(answer.head)) return {};
  return keep_alive();
}

Result<std::vector<std::uint8_t>> RtspSession::next() {
  for (;;) {
    if (auto s = stay(); !s) return explain(s.error());
    if (auto s = have(frame_head); !s) return explain(s.error());
    if (buffer_[read_] != dollar) {
      const auto heard = message();
      if (!heard) return explain(heard.error());
      const auto s = heard->head.method.empty() ? keep_answered(*heard) : decline(heard->head);
      if (!s) return explain(s.error());
      continue;
    }
    const auto channel = static_cast<std::uint8_t>(buffer_[read_ + 1]);
    const std::size_t size = static_cast<std::size_t>(static_cast<std::uint8_t>(buffer_[read_ + 2]) << 8 |
                                                      static_cast<std::uint8_t>(buffer_[read_ + 3]));
    if (auto s = have(frame_head + size); !s) return explain(s.error());
    const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(read_ + frame_head);
    std::vector<std::uint8_t> packet(begin, begin + static_cast<std::ptrdiff_t>(size));
    drop(frame_head + size);
    if (is_ours(channel) && size > 0) return packet;
  }
}

// A camera ends the session of a player that says nothing. Reports of what arrived are of no use over TCP.
Status RtspSession::stay() {
  return clock_.now() - said_ < keep_alive_every_ ? Status() : keep_alive();
}

Status RtspSession::keep_alive() {
  return send("OPTIONS", video_.control, "Session: " + session_ + "\r\n");
}

Status RtspSession::have(std::size_t size) {
  while (buffer_.size() - read_ < size)
    if (auto s = more(); !s) return s;
  return {};
}

Status RtspSession::more() {
  buffer_.erase(0, std::exchange(read_, 0));
  std::array<std::uint8_t, block> bytes;
  while (guard_.go_on() && !guard_.expired()) {
    const auto got = link_->read(bytes.data(), bytes.size(), nap);
    if (!got) return got.error();
    if (!*got) continue;
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), **got);
    return {};
  }
  return Error(ErrorCode::cancelled, "given up");
}

void RtspSession::drop(std::size_t size) {
  read_ += size;
}

Error RtspSession::refused(std::string_view method, const RtspHead& head) const {
  const auto text = std::string(method) + " is answered " + std::to_string(head.status) + " " + head.reason;
  switch (head.status) {
    case 401:
    case 403:
      return Error(ErrorCode::auth, text);
    case 404:
      return Error(ErrorCode::not_found, text);
    case 503:
      return Error(ErrorCode::unavailable, text);
    default:
      return Error(ErrorCode::corrupt, text);
  }
}

Error RtspSession::explain(Error error) const {
  const std::string what = "play '" + name_ + "'";
  if (guard_.given_up()) return Error(ErrorCode::cancelled, what + ": given up");
  if (guard_.expired()) return Error(ErrorCode::timeout, what + ": no answer in time");
  return std::move(error).context(what);
}

}  // namespace porchlight::camera
