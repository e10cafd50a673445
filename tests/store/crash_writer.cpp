// SPDX-License-Identifier: Apache-2.0
// Appends rings, each with two outbox rows, and acknowledges each on descriptor 1 once append() has
// returned: `<event id>\n`. Runs until it is killed, until the given number is reached, or until
// append() fails (exit 3, the error on descriptor 2).
//   store_crash_writer DATABASE COUNT full|off
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/store/event_log.hpp"

namespace {

using namespace porchlight;

store::OutboxRow row_to(const event::Ring& ring, const std::string& channel) {
  store::OutboxRow row;
  row.key = {ring.header.id, channel, 0};
  row.type = "ring";
  row.label = "doorbell_press";
  row.payload = event::to_json(ring);
  row.traceparent = ring.header.trace.traceparent();
  row.happened = row.created = row.next_attempt = ring.header.at;
  row.expires = ring.header.at + std::chrono::hours(1);
  return row;
}

bool acknowledge(const event::EventId& id) {
  const auto line = id.text() + "\n";
  return ::write(STDOUT_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

int fail(const Error& error) {
  std::cerr << to_string(error.code()) << ": " << error.text() << '\n';
  return 3;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  store::DatabaseOptions options;
  if (std::string_view(argv[3]) == "off") options.synchronous = store::Synchronous::off_in_tests;
  const auto database = store::Database::open(argv[1], options, nullptr);
  if (!database) return fail(database.error());
  store::EventLog log(**database);
  const SystemClock clock;
  for (long left = std::atol(argv[2]); left > 0; --left) {
    event::Ring ring;
    ring.header = event::make_header(clock);
    ring.button_id = "front";
    ring.camera_id = "front";
    const std::array rows{row_to(ring, "hook"), row_to(ring, "phone")};
    if (auto status = log.append(ring, rows); !status) return fail(status.error());
    if (!acknowledge(ring.header.id)) return 0;
  }
  return 0;
}
