// SPDX-License-Identifier: Apache-2.0
#include "telemetry/recent_records.hpp"

#include <algorithm>

#include "telemetry/log_levels.hpp"
#include "telemetry/scrub.hpp"

namespace porchlight::telemetry {
namespace {

// The one secret that a record is there to tell: whoever reads the journal makes the first account with it.
// Who asks over the network reads no journal.
constexpr std::string_view told_to_the_journal = "first_run";

std::string line_of(const Record& record, const Origin& origin, const std::string* line) {
  const auto tells = [](const auto& field) { return field.first == told_to_the_journal; };
  if (std::none_of(record.fields.begin(), record.fields.end(), tells))
    return line == nullptr ? json_line(record, origin) : *line;
  auto silent = record;
  for (auto& field : silent.fields)
    if (tells(field)) field.second = std::string(redacted);
  return json_line(silent, origin);
}

}  // namespace

void RecentRecords::Shelf::add(KeptPtr kept) {
  bytes_ += kept->line.size();
  kept_.push_back(std::move(kept));
  while (kept_.size() > most_records_ || bytes_ > most_bytes_) {
    bytes_ -= kept_.front()->line.size();
    kept_.pop_front();
  }
}

void RecentRecords::add(const Record& record, const Origin& origin, const std::string* line) {
  auto text = line_of(record, origin, line);
  const std::lock_guard lock(mutex_);
  const auto kept =
      std::make_shared<const Kept>(Kept{++last_, record.level, record.component, record.logger, record.at,
                                        request_id_of(record), record.ids.trace_id, std::move(text)});
  all_.add(kept);
  if (record.level >= Level::warning) loud_.add(kept);
}

bool RecentRecords::fits(const Kept& kept, const LogQuery& query) {
  return kept.level >= query.least && kept.number > query.after &&
         (!query.component || kept.component == *query.component) &&
         (query.logger.empty() || is_at_or_below(kept.logger, query.logger)) &&
         (!query.since || kept.at >= *query.since) &&
         (query.request_id.empty() || kept.request_id == query.request_id) &&
         (query.trace_id.empty() || kept.trace_id == query.trace_id);
}

// Oldest first. Of the loud ones only those that are not among all any more.
std::vector<RecentRecords::KeptPtr> RecentRecords::matching(const LogQuery& query) const {
  std::vector<KeptPtr> found;
  const std::lock_guard lock(mutex_);
  const auto first = all_.all().empty() ? last_ + 1 : all_.all().front()->number;
  for (const auto& kept : loud_.all())
    if (kept->number < first && fits(*kept, query)) found.push_back(kept);
  for (const auto& kept : all_.all())
    if (fits(*kept, query)) found.push_back(kept);
  return found;
}

LogAnswer RecentRecords::find(const LogQuery& query) const {
  LogAnswer answer;
  {
    const std::lock_guard lock(mutex_);
    answer.last = last_;
  }
  auto found = matching(query);
  if (found.size() > query.most && query.after > 0) {
    found.resize(query.most);
    answer.last = found.empty() ? query.after : found.back()->number;
  } else if (found.size() > query.most) {
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(query.most));
  }
  // What came between the two looks is told once: with this answer.
  if (!found.empty()) answer.last = std::max(answer.last, found.back()->number);
  for (auto kept = found.rbegin(); kept != found.rend(); ++kept) answer.records.push_back((*kept)->line);
  return answer;
}

}  // namespace porchlight::telemetry
