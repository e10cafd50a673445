// SPDX-License-Identifier: Apache-2.0
#include "http/stream.hpp"

#include <openssl/err.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "http/socket_bio.hpp"

namespace porchlight::http {
namespace {

using Outcome = Attempt::Outcome;

Attempt judged_errno(ssize_t result, Outcome when_full) {
  if (result > 0) return {Outcome::done, static_cast<std::size_t>(result)};
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return {when_full};
  return {Outcome::ended};
}

}  // namespace

bool Stream::begin_tls(SSL_CTX& context) {
  ssl_.reset(SSL_new(&context));
  auto* bio = new_socket_bio(fd_);
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return false;
  }
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
  return true;
}

Attempt Stream::judged(int result) const {
  if (result > 0) return {Outcome::done, static_cast<std::size_t>(result)};
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();  // the queue is the thread's, not the connection's
  if (error == SSL_ERROR_WANT_READ) return {Outcome::wait_readable};
  if (error == SSL_ERROR_WANT_WRITE) return {Outcome::wait_writable};
  return {Outcome::ended};
}

Attempt Stream::handshake() {
  return judged(SSL_do_handshake(ssl_.get()));
}

Attempt Stream::read(std::span<char> into) {
  if (ssl_) return judged(SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size())));
  return judged_errno(::recv(fd_, into.data(), into.size(), 0), Outcome::wait_readable);
}

Attempt Stream::write(std::string_view bytes) {
  constexpr std::size_t at_once = 1U << 20U;
  bytes = bytes.substr(0, at_once);
  if (ssl_) return judged(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())));
  return judged_errno(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), Outcome::wait_writable);
}

Attempt Stream::send_file(int file, ::off_t offset, std::size_t bytes, std::span<char> scratch) {
  if (!ssl_) return judged_errno(::sendfile(fd_, file, &offset, bytes), Outcome::wait_writable);
  const auto got = ::pread(file, scratch.data(), std::min(bytes, scratch.size()), offset);
  // A file that became shorter cannot fill what was announced; only the end of the stream says so.
  if (got <= 0) return {Outcome::ended};
  return write({scratch.data(), static_cast<std::size_t>(got)});
}

void Stream::end_output() {
  if (ssl_ && SSL_is_init_finished(ssl_.get()) != 0) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  ::shutdown(fd_, SHUT_WR);
}

FirstByte first_byte(int fd) {
  constexpr unsigned char handshake_record = 0x16;
  unsigned char byte = 0;
  const auto got = ::recv(fd, &byte, 1, MSG_PEEK);
  if (got == 0) return FirstByte::ended;
  if (got < 0) return errno == EAGAIN || errno == EINTR ? FirstByte::none : FirstByte::ended;
  return byte == handshake_record ? FirstByte::tls : FirstByte::other;
}

}  // namespace porchlight::http
