// SPDX-License-Identifier: Apache-2.0
// RTSP 1.0 (RFC 2326) as far as a player needs it: heads of answers, logins (RFC 2617, RFC 7616), and what
// of a description (RFC 4566) concerns the video and its sound. Pure functions over what a camera sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::camera {

struct RtspHead {
  std::string method;  // of a request; empty: an answer
  int status = 0;      // of an answer
  std::string reason;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in order
  std::size_t body = 0;                                      // bytes that follow

  // The first of that name (lower case); empty when there is none.
  std::string_view header(std::string_view name) const;
};

inline constexpr std::size_t longest_head = 16 * 1024;
inline constexpr std::size_t longest_body = 64 * 1024;

// The head of an answer or a request, without the empty line behind it. Errors: corrupt.
Result<RtspHead> parse_head(std::string_view text);

// Answers challenges with a login. One per connection.
class RtspLogin {
 public:
  RtspLogin(std::string user, std::string password)
      : user_(std::move(user)), password_(std::move(password)) {}

  // Takes the strongest challenge of a 401 that it knows. False: there is none, or no login to answer with.
  bool take(const RtspHead& refusal);
  // The value of the header Authorization; empty before a challenge.
  std::string answer(std::string_view method, std::string_view url);

 private:
  std::string digest(std::string_view method, std::string_view url);
  std::string hash(const std::string& text) const;

  const std::string user_;
  const std::string password_;
  std::string scheme_;  // Basic, Digest; empty: none yet
  std::string realm_, nonce_, opaque_;
  bool sha256_ = false;
  bool with_qop_ = false;
  unsigned count_ = 0;
};

struct VideoDescription {
  std::string sdp;      // the session's lines and the video's alone
  std::string setup;    // URL for SETUP
  std::string control;  // URL for PLAY
  // Of the first sound that can be told from the video by its payload type; empty: there is none.
  std::string audio_sdp;    // its lines
  std::string audio_setup;  // URL for SETUP
};

// `base`: Content-Base, or the URL that was asked. Errors: corrupt (no video in it), unsupported (a
// transport that we do not speak).
Result<VideoDescription> video_of(std::string_view sdp, const std::string& base);

// Where the packets travel.
struct Channels {
  std::uint8_t rtp = 0;
  std::uint8_t rtcp = 1;
  bool operator==(const Channels&) const = default;
};
// Of the header Transport in the answer to a SETUP; what it does not say is as it was asked. Errors:
// unsupported (something else than this connection), corrupt.
Result<Channels> parse_channels(std::string_view transport, Channels asked = {});

// `id;timeout=60`: the id, and the seconds.
std::pair<std::string, int> parse_session(std::string_view value);

}  // namespace porchlight::camera
