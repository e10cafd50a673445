// SPDX-License-Identifier: Apache-2.0
// docs/api.md against limits.hpp.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "porchlight/http/limits.hpp"

namespace porchlight::http {
namespace {

std::string text_of(std::size_t limit) {
  return std::to_string(limit);
}
std::string text_of(std::chrono::milliseconds limit) {
  return std::to_string(limit.count() / 1000) + " s";
}

std::map<std::string, std::string> in_code() {
  const Limits limits;
  // A structured binding breaks when a member is added or taken away.
  const auto& [header_bytes, header_fields, query_values, body_bytes, json_depth, form_parts, ranges,
               message_bytes, stream_queue_bytes, handshake, header_read, body_read, idle, write, write_bytes,
               answer, keepalive, connections, connections_per_peer, requests_per_connection] = limits;
  return {{"header_bytes", text_of(header_bytes)},
          {"header_fields", text_of(header_fields)},
          {"query_values", text_of(query_values)},
          {"body_bytes", text_of(body_bytes)},
          {"json_depth", text_of(json_depth)},
          {"form_parts", text_of(form_parts)},
          {"ranges", text_of(ranges)},
          {"message_bytes", text_of(message_bytes)},
          {"stream_queue_bytes", text_of(stream_queue_bytes)},
          {"handshake", text_of(handshake)},
          {"header_read", text_of(header_read)},
          {"body_read", text_of(body_read)},
          {"idle", text_of(idle)},
          {"write", text_of(write)},
          {"write_bytes", text_of(write_bytes)},
          {"answer", text_of(answer)},
          {"keepalive", text_of(keepalive)},
          {"connections", text_of(connections)},
          {"connections_per_peer", text_of(connections_per_peer)},
          {"requests_per_connection", text_of(requests_per_connection)}};
}

// `| \`name\` | what | limit | beyond it |`
std::map<std::string, std::string> documented() {
  std::ifstream file(PORCHLIGHT_SOURCE_DIR "/docs/api.md");
  std::string line;
  while (std::getline(file, line) && line != "## Limits") {
  }
  std::map<std::string, std::string> rows;
  while (std::getline(file, line) && !line.starts_with("## ")) {
    if (!line.starts_with("| `")) continue;
    const auto name = line.substr(3, line.find('`', 3) - 3);
    const auto what = line.find(" | ", 3);
    const auto limit = line.find(" | ", what + 3);
    rows[name] = line.substr(limit + 3, line.find(" | ", limit + 3) - limit - 3);
  }
  return rows;
}

TEST(Limits, StandInTheInterfacesPage) {
  EXPECT_EQ(documented(), in_code());
}

}  // namespace
}  // namespace porchlight::http
