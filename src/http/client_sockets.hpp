// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <cstddef>

namespace porchlight::http {

// The sockets of one client, counted among those of all clients of the process (client_connections()).
// Outlives the handles that it watches. Belongs to the client's thread.
class ClientSockets {
 public:
  ClientSockets() = default;
  ClientSockets(const ClientSockets&) = delete;
  ClientSockets& operator=(const ClientSockets&) = delete;

  // Has the handle open and close its sockets here.
  void watch(CURL* handle);

  // While one lives, a request is under way.
  class Request {
   public:
    explicit Request(ClientSockets& sockets) : sockets_(sockets) { sockets_.set_busy(true); }
    ~Request() { sockets_.set_busy(false); }
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

   private:
    ClientSockets& sockets_;
  };

 private:
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* self, curl_socket_t socket);
  void set_busy(bool busy) noexcept;
  void count(int sockets) noexcept;

  std::size_t open_ = 0;
  bool busy_ = false;
};

}  // namespace porchlight::http
