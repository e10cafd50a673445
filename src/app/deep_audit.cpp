// SPDX-License-Identifier: Apache-2.0
// The deep check of the audit log.
#include <memory>
#include <string>
#include <utility>

#include "app/deep_checks.hpp"
#include "porchlight/store/audit_verifier.hpp"
#include "porchlight/store/database.hpp"

namespace porchlight::app {
namespace {

using namespace std::chrono_literals;
using observe::Finding;

constexpr auto at_most = 2s;        // of one check
constexpr std::size_t slice = 512;  // records: some 20 ms
constexpr auto not_begun = "the audit log cannot be verified: ";

// A fault that was found stays until the whole log was verified again.
class AuditProbe {
 public:
  AuditProbe(std::filesystem::path folder, const Clock& clock, telemetry::Metrics& metrics)
      : folder_(std::move(folder)), clock_(clock), metrics_(metrics) {}

  Finding look(const std::stop_token& stop) {
    if (auto status = go_on(stop); !status) {
      verifier_.reset();
      database_.reset();
      return {.detail = detail(), .fault = not_begun + status.error().text()};
    }
    return {.detail = detail(), .fault = fault_};
  }

 private:
  Status begin() {
    if (!database_) {
      auto opened =
          store::Database::open(folder_ / "porchlight.db", {.mode = store::OpenMode::read_only}, &metrics_);
      if (!opened) return std::move(opened).error();
      database_ = std::move(*opened);
    }
    auto anchors = store::read_audit_anchors(*database_);
    if (!anchors) return std::move(anchors).error();
    auto key = store::find_audit_key(folder_);
    if (!key) return std::move(key).error();
    auto begun = store::AuditVerifier::begin(folder_, std::move(*key), std::move(*anchors));
    if (!begun) return std::move(begun).error();
    verifier_ = std::move(*begun);
    return {};
  }

  Status go_on(const std::stop_token& stop) {
    if (!verifier_)
      if (auto status = begin(); !status) return status;
    const auto enough = clock_.now() + at_most;
    do {
      const auto done = verifier_->advance(slice);
      if (!done) return done.error();
      if (*done) return conclude(), Status();
    } while (clock_.now() < enough && !stop.stop_requested());
    return {};
  }

  void conclude() {
    const auto& verdict = verifier_->verdict();
    fault_ = verdict.ok() ? std::string()
                          : std::string(to_string(*verdict.fault)) + " at record " +
                                std::to_string(verdict.first_bad) + ": " + verdict.detail;
    whole_ = static_cast<std::int64_t>(verdict.checked);
    keyed_ = verdict.keyed;
    verifier_.reset();
  }

  telemetry::Fields detail() const {
    telemetry::Fields fields{{"complete", !verifier_}};
    if (verifier_) fields.push_back({"verified", static_cast<std::int64_t>(verifier_->verdict().checked)});
    if (whole_) {
      fields.push_back({"records", *whole_});
      fields.push_back({"keyed", keyed_});
    }
    return fields;
  }

  const std::filesystem::path folder_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::AuditVerifier> verifier_;  // null: the last one came to its end
  std::string fault_;                               // of the last whole verification
  std::optional<std::int64_t> whole_;               // good records of that one
  bool keyed_ = false;
};

}  // namespace

observe::Probe audit_probe(const std::filesystem::path& folder, const Clock& clock,
                           telemetry::Metrics& metrics) {
  return [probe = std::make_shared<AuditProbe>(folder, clock, metrics)](const std::stop_token& stop) {
    return probe->look(stop);
  };
}

}  // namespace porchlight::app
