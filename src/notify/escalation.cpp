// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/escalation.hpp"

#include <nlohmann/json.hpp>

namespace porchlight::notify {

bool is_escalation(const store::OutboxRow& row) {
  if (row.key.sequence < store::first_escalation) return false;
  const auto object = nlohmann::json::parse(row.payload, nullptr, false);
  const auto said = object.is_object() ? object.find("escalation") : object.end();
  return said != object.end() && said->is_boolean() && said->get<bool>();
}

}  // namespace porchlight::notify
