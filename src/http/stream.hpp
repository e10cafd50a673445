// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/openssl.hpp"

namespace porchlight::http {

// What became of one attempt, and what must become possible before the next one.
struct Attempt {
  enum class Outcome : std::uint8_t { done, wait_readable, wait_writable, ended };
  Outcome outcome = Outcome::ended;
  std::size_t bytes = 0;  // of `done`
};

// The bytes of one non-blocking socket, in the clear or under TLS. Nothing here waits or owns the
// descriptor. TLS by the library's state machine on the socket itself: no copy and no buffer of ours
// in between, so that an idle connection costs what the library keeps. Listener's thread only.
class Stream {
 public:
  explicit Stream(int fd) : fd_(fd) {}

  bool begin_tls(SSL_CTX& context);
  Attempt handshake();

  // `into` holds a whole TLS record (16 KiB), so that nothing decrypted stays behind unannounced.
  Attempt read(std::span<char> into);
  Attempt write(std::string_view bytes);
  // From the file to the socket without a copy where there is no TLS; else by way of `scratch`.
  Attempt send_file(int file, ::off_t offset, std::size_t bytes, std::span<char> scratch);
  // Says that no more comes, as far as the socket takes it at once.
  void end_output();

  bool secure() const noexcept { return ssl_ != nullptr; }

 private:
  Attempt judged(int result) const;

  int fd_;
  SslPtr ssl_;
};

// Whether the first byte that came is that of a TLS handshake; nothing is taken out of the socket.
enum class FirstByte : std::uint8_t { tls, other, none, ended };
FirstByte first_byte(int fd);

}  // namespace porchlight::http
