// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "http/websocket_frame.hpp"

namespace porchlight::http::test {

// A frame as a client sends it: masked.
inline std::string client_frame(Opcode opcode, const std::string& payload, bool final = true) {
  auto frame = websocket_frame(opcode, payload);
  if (!final) frame[0] = static_cast<char>(frame[0] & 0x7f);
  frame[1] = static_cast<char>(frame[1] | 0x80);
  const auto head = frame.size() - payload.size();
  const std::string mask = "\x11\xa2\x33\xf4";
  for (std::size_t i = 0; i < payload.size(); ++i)
    frame[head + i] = static_cast<char>(frame[head + i] ^ mask[i % 4]);
  return frame.insert(head, mask);
}

}  // namespace porchlight::http::test
