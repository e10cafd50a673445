// SPDX-License-Identifier: Apache-2.0
#include "telemetry/recent_records.hpp"

#include <algorithm>

#include "telemetry/scrub.hpp"

namespace porchlight::telemetry {
namespace {

// The one secret that a record is there to tell: whoever reads the journal makes the first account with it.
// Who asks over the network reads no journal.
constexpr std::string_view told_to_the_journal = "first_run";

std::string line_of(const Record& record, const Origin& origin) {
  const auto tells = [](const auto& field) { return field.first == told_to_the_journal; };
  if (std::none_of(record.fields.begin(), record.fields.end(), tells)) return json_line(record, origin);
  auto silent = record;
  for (auto& field : silent.fields)
    if (tells(field)) field.second = std::string(redacted);
  return json_line(silent, origin);
}

}  // namespace

void RecentRecords::add(const Record& record, const Origin& origin) {
  if (record.level < Level::warning) return;
  auto line = line_of(record, origin);
  const std::lock_guard lock(mutex_);
  bytes_ += line.size();
  kept_.push_back({record.level, std::move(line)});
  while (kept_.size() > most_records || bytes_ > most_bytes) {
    bytes_ -= kept_.front().line.size();
    kept_.pop_front();
  }
}

std::vector<std::string> RecentRecords::newest(Level least, std::size_t most) const {
  std::vector<std::string> lines;
  const std::lock_guard lock(mutex_);
  for (auto kept = kept_.rbegin(); kept != kept_.rend() && lines.size() < most; ++kept)
    if (kept->level >= least) lines.push_back(kept->line);
  return lines;
}

}  // namespace porchlight::telemetry
