// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "porchlight/maintain/doctor.hpp"

namespace porchlight::maintain {
namespace {

using nlohmann::json;

constexpr std::size_t verdict_width = 9;
constexpr std::size_t name_width = 15;

std::string padded(std::string_view word, std::size_t width) {
  std::string text(word);
  text.resize(std::max(width, text.size() + 1), ' ');
  return text;
}

// What was found may have lines of its own; they stand under the first.
std::string indented(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out.append(verdict_width + name_width, ' ');
  }
  return out;
}

std::size_t count(const std::vector<Report>& reports, Verdict verdict) {
  return static_cast<std::size_t>(std::count_if(reports.begin(), reports.end(),
                                                [verdict](const Report& r) { return r.worst() == verdict; }));
}

json json_of(const Finding& finding) {
  json object{{"verdict", to_string(finding.verdict)}, {"found", finding.found}};
  if (!finding.mend.empty()) object["mend"] = finding.mend;
  return object;
}

}  // namespace

std::string text_of(const Report& report) {
  std::string text;
  for (const auto& finding : report.findings) {
    text += padded(to_string(finding.verdict), verdict_width) + padded(report.check, name_width) +
            indented(finding.found) + "\n";
    if (!finding.mend.empty())
      text += std::string(verdict_width + name_width, ' ') + "mend: " + indented(finding.mend) + "\n";
  }
  return text;
}

std::string summary(const std::vector<Report>& reports) {
  const auto warnings = count(reports, Verdict::warning);
  return std::to_string(count(reports, Verdict::good)) + " good, " + std::to_string(warnings) +
         (warnings == 1 ? " warning, " : " warnings, ") + std::to_string(count(reports, Verdict::bad)) +
         " bad, " + std::to_string(count(reports, Verdict::skipped)) + " skipped";
}

std::string json_of(const std::vector<Report>& reports) {
  json checks = json::array();
  for (const auto& report : reports) {
    json findings = json::array();
    for (const auto& finding : report.findings) findings.push_back(json_of(finding));
    checks.push_back(
        {{"check", report.check}, {"verdict", to_string(report.worst())}, {"findings", std::move(findings)}});
  }
  const json whole{{"verdict", to_string(worst_of(reports))}, {"checks", std::move(checks)}};
  return whole.dump(2, ' ', false, json::error_handler_t::replace);
}

}  // namespace porchlight::maintain
