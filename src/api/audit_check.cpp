// SPDX-License-Identifier: Apache-2.0
#include "api/audit_check.hpp"

#include <utility>

#include "api/json_body.hpp"
#include "porchlight/store/audit_anchor.hpp"
#include "porchlight/store/audit_key.hpp"

namespace porchlight::api {
namespace {

constexpr std::size_t slice = 512;  // records: some 20 ms

}  // namespace

AuditCheck::AuditCheck(Library::State& library, store::AuditRange range, event::TraceContext trace,
                       http::Responder responder, std::shared_ptr<const void> permit)
    : library_(library),
      range_(range),
      trace_(trace),
      responder_(std::move(responder)),
      permit_(std::move(permit)),
      deadline_(library.clock.now() + audit_check_deadline) {}

void AuditCheck::begin() {
  next();
}

void AuditCheck::next() {
  if (!library_.ports.slow([self = shared_from_this()] { self->step(); }))
    responder_.send(busy("too many are asking at this moment", trace_));
}

void AuditCheck::step() {
  if (library_.clock.now() >= deadline_) return;  // the client has been told so
  if (!verifier_)
    if (auto status = open(); !status) return refuse(status.error());
  const auto done = verifier_->advance(slice);
  if (!done) return refuse(done.error());
  if (*done) return answer(verifier_->verdict());
  next();
}

Status AuditCheck::open() {
  if (auto status = library_.open(); !status) return status;
  auto anchors = store::read_audit_anchors(*library_.opened->database);
  if (!anchors) return std::move(anchors).error();
  auto key = store::find_audit_key(library_.folder);
  if (!key) return std::move(key).error();
  auto begun = store::AuditVerifier::begin(library_.folder, std::move(*key), std::move(*anchors), range_);
  if (!begun) return std::move(begun).error();
  verifier_ = std::move(*begun);
  return {};
}

void AuditCheck::refuse(const Error& error) {
  permit_.reset();
  if (error.code() == ErrorCode::invalid_argument)
    responder_.send(http::problem_response({.status = 400, .detail = error.text()}, trace_));
  else
    responder_.send(busy(error.text().c_str(), trace_));
}

void AuditCheck::answer(const store::AuditVerdict& verdict) {
  permit_.reset();
  nlohmann::ordered_json body{{"ok", verdict.ok()},     {"checked", verdict.checked},
                              {"keyed", verdict.keyed}, {"key_source", verdict.key_source},
                              {"anchor", nullptr},      {"fault", nullptr},
                              {"first_bad", nullptr}};
  if (verdict.anchor) body["anchor"] = {{"index", verdict.anchor->index}, {"source", verdict.anchor->source}};
  if (!verdict.ok()) {
    body["fault"] = to_string(*verdict.fault);
    body["first_bad"] = verdict.first_bad;
    body["detail"] = verdict.detail;
  }
  responder_.send(json_answer(200, body));
}

}  // namespace porchlight::api
