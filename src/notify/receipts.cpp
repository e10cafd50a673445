// SPDX-License-Identifier: Apache-2.0
#include "notify/receipts.hpp"

namespace porchlight::notify {

void Receipts::note(const store::RowKey& key, const std::string& receipt) {
  if (receipt.empty() || receipt.size() > longest) return;
  of_event_[key.event_id][key.sequence] = receipt;
  // Ids sort by time.
  if (of_event_.size() > most_events) of_event_.erase(of_event_.begin());
}

void Receipts::add_to(Message& message) const {
  const auto known = of_event_.find(message.row.key.event_id);
  if (known == of_event_.end()) return;
  for (const auto& [sequence, receipt] : known->second)
    if (sequence < message.row.key.sequence) message.receipts[sequence] = receipt;
}

}  // namespace porchlight::notify
