// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>

#include "porchlight/maintain/doctor.hpp"

namespace porchlight::maintain {

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::good:
      return "good";
    case Verdict::skipped:
      return "skipped";
    case Verdict::warning:
      return "warning";
    case Verdict::bad:
      return "bad";
  }
  return "bad";
}

void Findings::fact(std::string text) {
  facts_ += (facts_.empty() ? "" : ", ") + std::move(text);
}

void Findings::skipped(std::string found, std::string mend) {
  complaints_.push_back({Verdict::skipped, std::move(found), std::move(mend)});
}

void Findings::warning(std::string found, std::string mend) {
  assert(!mend.empty());
  complaints_.push_back({Verdict::warning, std::move(found), std::move(mend)});
}

void Findings::bad(std::string found, std::string mend) {
  assert(!mend.empty());
  complaints_.push_back({Verdict::bad, std::move(found), std::move(mend)});
}

namespace {

Verdict worst_in(const std::vector<Finding>& findings) noexcept {
  auto worst = Verdict::good;
  for (const auto& finding : findings) worst = std::max(worst, finding.verdict);
  return worst;
}

}  // namespace

Verdict Findings::worst() const noexcept {
  return worst_in(complaints_);
}

std::vector<Finding> Findings::all() const {
  if (!complaints_.empty()) return complaints_;
  // Silence is no proof of health.
  if (facts_.empty()) return {{Verdict::skipped, "there was nothing to look at", {}}};
  return {{Verdict::good, facts_, {}}};
}

Verdict Report::worst() const noexcept {
  return worst_in(findings);
}

Verdict worst_of(const std::vector<Report>& reports) noexcept {
  auto worst = Verdict::good;
  for (const auto& report : reports) worst = std::max(worst, report.worst());
  return worst;
}

}  // namespace porchlight::maintain
