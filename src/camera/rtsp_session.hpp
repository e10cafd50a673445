// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "input.hpp"
#include "porchlight/http/tls_connection.hpp"
#include "rtsp_message.hpp"

namespace porchlight::camera {

// One playing RTSP session inside a TLS connection, with the RTP of the video, and of the sound where that is
// wanted, interleaved in it (RFC 2326, 10.12). Thread-bound; every call ends by the guard (`cancelled`,
// `timeout`).
class RtspSession {
 public:
  struct Address {
    std::string name;  // for error texts
    std::string url;   // rtsps://host[:port]/path, without user and password
    std::string user;
    std::string password;
    std::string ca_file;
    bool verify = true;
    bool audio = false;
  };

  // From the first look-up to the answer to PLAY. Errors: not_found (name, or no such path), auth
  // (certificate, user or password), network, corrupt, unsupported. The guard outlives the session.
  static Result<std::unique_ptr<RtspSession>> play(const Address& address, Guard& guard, const Clock& clock);
  // Says good-bye, if that needs no waiting.
  ~RtspSession();

  // Of what is played.
  const std::string& sdp() const noexcept { return video_.sdp; }
  // The next RTP or RTCP packet of it. Errors as above, and end_of_stream.
  Result<std::vector<std::uint8_t>> next();

 private:
  struct Answer {
    RtspHead head;
    std::string body;
  };

  RtspSession(const Address& address, Guard& guard, const Clock& clock)
      : name_(address.name),
        url_(address.url),
        guard_(guard),
        clock_(clock),
        login_(address.user, address.password) {}
  Status connect(const Address& address);
  Status describe();
  Status set_up();
  Status set_up_audio();
  bool is_ours(std::uint8_t channel) const noexcept;
  Result<Answer> ask(std::string_view method, const std::string& url, const std::string& more = {});
  Result<Answer> ask_once(std::string_view method, const std::string& url, const std::string& more);
  Status send(std::string_view method, const std::string& url, const std::string& more);
  Result<Answer> hear();
  Result<Answer> message();
  Status keep_answered(const Answer& answer);
  Status decline(const RtspHead& request);
  Status have(std::size_t size);
  Status more();
  void drop(std::size_t size);
  Status stay();
  Status keep_alive();
  Error refused(std::string_view method, const RtspHead& head) const;
  Error explain(Error error) const;

  const std::string name_;
  const std::string url_;
  Guard& guard_;
  const Clock& clock_;
  RtspLogin login_;
  std::unique_ptr<http::TlsConnection> link_;
  std::string buffer_;  // received, from read_ on not looked at
  std::size_t read_ = 0;
  VideoDescription video_;
  std::string session_;
  Channels channels_;
  std::optional<Channels> audio_channels_;
  bool challenged_ = false;  // the newest keep-alive was refused once
  std::chrono::seconds keep_alive_every_{30};
  MonotonicTime said_{};  // when we spoke last
  unsigned sequence_ = 0;
};

}  // namespace porchlight::camera
