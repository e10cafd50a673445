// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "porchlight/base/unique_fd.hpp"
#include "telemetry/log_sink.hpp"
#include "telemetry/record.hpp"

namespace porchlight::telemetry {

// Hands records to the journal by its native protocol
// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram a record, with PRIORITY, SYSLOG_IDENTIFIER,
// TRACE_ID, REQUEST_ID, CODE_FILE, CODE_LINE and CODE_FUNC beside MESSAGE, which is the line itself. One
// thread at a time.
class JournalSink {
 public:
  enum class Outcome {
    taken,
    nobody_reads,  // it is there, and its queue stayed full; the record is given up
    not_there      // nobody has the socket: the record may go another way
  };

  explicit JournalSink(std::string socket) : path_(std::move(socket)) {}

  Outcome write(const Record& record, const std::string& line);
  void set_patience(DescriptorSink::Patience patience) { patience_ = std::move(patience); }

 private:
  bool connect();
  Outcome send(const std::string& datagram);
  // Errno of the failure, 0 when it went out.
  int send_once(const std::string& datagram) const;
  int send_as_file(const std::string& datagram) const;
  bool wait_for_reader();

  const std::string path_;
  UniqueFd socket_;
  DescriptorSink::Patience patience_;
  bool stuck_ = false;
};

// The datagram for a record and its line.
std::string journal_entry(const Record& record, const std::string& line);

}  // namespace porchlight::telemetry
