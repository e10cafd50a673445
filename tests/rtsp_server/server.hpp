// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gst/rtsp-server/rtsp-server.h>

#include <string>

#include "media.hpp"

namespace porchlight::rtsp_test {

struct Address {
  std::string port = "0";  // 0: the kernel's choice
  std::string user;        // empty: no login; else digest (RFC 2617)
  std::string password;
  bool watched = false;  // by ourselves, always: pictures are drawn also while nobody else looks
};

// A server at rtsp://127.0.0.1:port/cam, for the rest of the process's life; nullptr when the port
// cannot be had.
GstRTSPServer* start_server(const Address& address, Show& show);

// Looks at the server's own pictures from a thread of its own, for the rest of the process's life.
void watch(int port, const Address& address);

// Closes every client's connection; new ones are welcome.
void close_clients(GstRTSPServer* server);

}  // namespace porchlight::rtsp_test
