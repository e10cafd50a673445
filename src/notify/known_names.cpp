// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/known_names.hpp"

#include <nlohmann/json.hpp>

namespace porchlight::notify {

void leave_out_strangers(store::OutboxRow& row, const std::set<std::string>& known) {
  // Most messages name nobody: those are not read.
  if (row.payload.find("\"person\"") == std::string::npos) return;
  auto object = nlohmann::json::parse(row.payload, nullptr, false);
  if (!object.is_object()) return;
  const auto person = object.find("person");
  if (person == object.end() || !person->is_string() || known.contains(person->get<std::string>())) return;
  object.erase(person);
  row.payload = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  row.error.clear();
}

}  // namespace porchlight::notify
