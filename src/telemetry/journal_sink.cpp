// SPDX-License-Identifier: Apache-2.0
#include "telemetry/journal_sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace porchlight::telemetry {
namespace {

constexpr std::chrono::milliseconds slice{50};
constexpr const char* standard_socket = "/run/systemd/journal/socket";

// Syslog's severities (RFC 5424, 6.2.1).
int priority_of(Level level) {
  constexpr std::array priorities = {7, 6, 4, 3, 2};
  return priorities[static_cast<std::size_t>(level)];
}

// `KEY=value`, or with a line break in the value its length (64 bits, little endian) and then the value.
void append(std::string& entry, std::string_view key, std::string_view value) {
  entry += key;
  if (value.find('\n') == std::string_view::npos) {
    entry += '=';
  } else {
    entry += '\n';
    for (std::size_t shift = 0; shift < 64; shift += 8)
      entry += static_cast<char>(static_cast<std::uint64_t>(value.size()) >> shift & 0xFF);
  }
  entry += value;
  entry += '\n';
}

void append_known(std::string& entry, std::string_view key, std::string_view value) {
  if (!value.empty()) append(entry, key, value);
}

bool write_whole(int fd, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const auto written = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

std::string journal_socket_of(int fd, const char* journal_stream) {
  struct stat found {};
  if (journal_stream == nullptr || ::fstat(fd, &found) != 0) return {};
  const auto ours = std::to_string(found.st_dev) + ':' + std::to_string(found.st_ino);
  return ours == journal_stream ? standard_socket : "";
}

std::string journal_entry(const Record& record, const std::string& line) {
  std::string entry;
  entry.reserve(line.size() + 512);
  append(entry, "MESSAGE", line);
  append(entry, "PRIORITY", std::to_string(priority_of(record.level)));
  append(entry, "SYSLOG_IDENTIFIER", "porchlight");
  append_known(entry, "TRACE_ID", record.ids.trace_id);
  append_known(entry, "REQUEST_ID", scrubbed(request_id_of(record)));  // the client's word
  append_known(entry, "CODE_FILE", record.module);
  append(entry, "CODE_LINE", std::to_string(record.line));
  append_known(entry, "CODE_FUNC", record.function);
  return entry;
}

JournalSink::Outcome JournalSink::write(const Record& record, const std::string& line) {
  if (!socket_ && !connect()) return Outcome::not_there;
  const auto entry = journal_entry(record, line);
  auto outcome = send(entry);
  // The journal was started anew meanwhile: its socket is another one now.
  if (outcome == Outcome::not_there && connect()) outcome = send(entry);
  if (outcome == Outcome::not_there) socket_.reset();
  return outcome;
}

bool JournalSink::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return false;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
  socket_ = std::move(socket);
  return true;
}

JournalSink::Outcome JournalSink::send(const std::string& datagram) {
  for (;;) {
    const int error = send_once(datagram);
    if (error == 0) {
      stuck_ = false;
      return Outcome::taken;
    }
    if (error != EAGAIN) return Outcome::not_there;
    if (!wait_for_reader()) return Outcome::nobody_reads;
  }
}

int JournalSink::send_once(const std::string& datagram) const {
  for (;;) {
    if (::send(socket_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) >= 0) return 0;
    if (errno == EMSGSIZE) return send_as_file(datagram);
    if (errno != EINTR) return errno;
  }
}

// What is too large for a datagram goes as a sealed file in memory, which the journal maps.
int JournalSink::send_as_file(const std::string& datagram) const {
  const UniqueFd file(::memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || !write_whole(file.get(), datagram)) return errno;
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
    return errno;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  auto* const part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = file.get();
  std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
  while (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) < 0)
    if (errno != EINTR) return errno;
  return 0;
}

// As a descriptor's reader is waited for: while the patience lasts, and after that not until it reads again.
bool JournalSink::wait_for_reader() {
  std::chrono::milliseconds waited{0};
  pollfd state{socket_.get(), POLLOUT, 0};
  while (::poll(&state, 1, stuck_ ? 0 : static_cast<int>(slice.count())) <= 0) {
    waited += slice;
    if (!stuck_ && patience_ && patience_(waited)) continue;
    stuck_ = true;
    return false;
  }
  return true;
}

}  // namespace porchlight::telemetry
