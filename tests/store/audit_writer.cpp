// SPDX-License-Identifier: Apache-2.0
// Appends audit records, each with a message id of its own, and acknowledges each on descriptor 1 once
// append() has returned. Ends as store_crash_writer does.
//   store_audit_writer FOLDER COUNT synced|buffered [FILE_LIMIT]
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "porchlight/store/audit_log.hpp"

int main(int argc, char** argv) {
  using namespace porchlight;
  if (argc < 4) return 2;
  const SystemClock clock;
  store::AuditOptions options{argv[1]};
  options.patience = std::chrono::seconds(20);  // four of us on a busy machine
  if (argc > 4) options.file_limit = std::strtoull(argv[4], nullptr, 10);
  const auto durability =
      std::string_view(argv[3]) == "synced" ? store::Durability::synced : store::Durability::buffered;
  const auto log = store::AuditLog::open(options, clock);
  if (!log) return std::cerr << to_string(log.error().code()) << ": " << log.error().text() << '\n', 3;
  for (long n = 0; n < std::atol(argv[2]); ++n) {
    const auto id = std::to_string(::getpid()) + "-" + std::to_string(n);
    const store::AuditEntry entry{
        store::NotificationSent{"webhook", store::plain("hook"), "test", true, id}, {}, {}};
    if (auto status = (*log)->append(entry, durability); !status)
      return std::cerr << to_string(status.error().code()) << ": " << status.error().text() << '\n', 3;
    const auto line = id + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return 0;
  }
  return 0;
}
