// SPDX-License-Identifier: Apache-2.0
#include "http/client_sockets.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "porchlight/http/client.hpp"

namespace porchlight::http {
namespace {

std::atomic<std::int64_t> all_open{0};
std::atomic<std::int64_t> all_active{0};

}  // namespace

// Of two numbers that are not read at one moment.
ClientConnections client_connections() noexcept {
  const auto active = all_active.load(std::memory_order_relaxed);
  return {active, std::max<std::int64_t>(all_open.load(std::memory_order_relaxed) - active, 0)};
}

void ClientSockets::watch(CURL* handle) {
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &ClientSockets::on_open);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, &ClientSockets::on_close);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, this);
}

// As libcurl itself does it, but that no child process gets it.
curl_socket_t ClientSockets::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket < 0) return CURL_SOCKET_BAD;
  static_cast<ClientSockets*>(self)->count(1);
  return socket;
}

int ClientSockets::on_close(void* self, curl_socket_t socket) {
  static_cast<ClientSockets*>(self)->count(-1);
  return ::close(socket);
}

// One request is one connection, however many are tried at its beginning.
void ClientSockets::set_busy(bool busy) noexcept {
  busy_ = busy;
  if (open_ != 0) all_active.fetch_add(busy ? 1 : -1, std::memory_order_relaxed);
}

void ClientSockets::count(int sockets) noexcept {
  const bool had_some = open_ != 0;
  open_ += static_cast<std::size_t>(sockets);
  all_open.fetch_add(sockets, std::memory_order_relaxed);
  const bool has_some = open_ != 0;
  if (busy_ && had_some != has_some) all_active.fetch_add(has_some ? 1 : -1, std::memory_order_relaxed);
}

}  // namespace porchlight::http
