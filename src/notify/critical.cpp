// SPDX-License-Identifier: Apache-2.0
#include "notify/critical.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace porchlight::notify {

bool is_critical_by_itself(const nlohmann::json& payload) {
  const auto says = [&](const char* key, const char* value) {
    const auto found = payload.find(key);
    return found != payload.end() && found->is_string() && found->get_ref<const std::string&>() == value;
  };
  if (says("type", "security") || says("result", "blacklist_match")) return true;
  if (says("type", "disk"))
    return !says("fault", "almost_full") && !says("fault", "damaged_index") && !says("fault", "back");
  return says("severity", "critical") && !says("status", "resolved");
}

}  // namespace porchlight::notify
