// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "api/library_state.hpp"
#include "porchlight/store/audit_verifier.hpp"

namespace porchlight::api {

inline constexpr std::chrono::milliseconds audit_check_deadline{60'000};

// A verification of the audit log for somebody who asks, in slices on the library's thread, so that whoever
// wants to look at something waits for one slice at most. The log's lock is held only while its files are
// listed. Keeps itself alive until it has answered.
class AuditCheck : public std::enable_shared_from_this<AuditCheck> {
 public:
  // `permit` goes with the check.
  AuditCheck(Library::State& library, store::AuditRange range, event::TraceContext trace,
             http::Responder responder, std::shared_ptr<const void> permit);
  void begin();  // any thread

 private:
  void next();
  void step();
  Status open();
  void refuse(const Error& error);
  void answer(const store::AuditVerdict& verdict);

  Library::State& library_;
  const store::AuditRange range_;
  const event::TraceContext trace_;
  const http::Responder responder_;
  std::shared_ptr<const void> permit_;  // gone before the answer, so that the caller may ask again at once
  const MonotonicTime deadline_;
  std::unique_ptr<store::AuditVerifier> verifier_;
};

}  // namespace porchlight::api
