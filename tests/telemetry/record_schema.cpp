// SPDX-License-Identifier: Apache-2.0
#include "telemetry/record_schema.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

namespace porchlight::telemetry {
namespace {

using Json = nlohmann::json;

bool is_of(const Json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  return type == "object" && value.is_object();
}

bool is_of_any(const Json& value, const Json& types) {
  if (types.is_string()) return is_of(value, types);
  return std::any_of(types.begin(), types.end(), [&](const Json& type) { return is_of(value, type); });
}

void validate(const Json& value, const Json& schema, const std::string& path,
              std::vector<std::string>& faults) {
  if (schema.contains("type") && !is_of_any(value, schema["type"])) faults.push_back(path + ": wrong type");
  if (schema.contains("enum") &&
      std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end()) {
    faults.push_back(path + ": " + value.dump() + " is none of the listed");
  }
  if (schema.contains("pattern") && value.is_string() &&
      !std::regex_search(value.get<std::string>(), std::regex(schema["pattern"].get<std::string>()))) {
    faults.push_back(path + ": " + value.dump() + " does not match");
  }
  if (!value.is_object()) return;
  for (const auto& key : schema.value("required", Json::array())) {
    if (!value.contains(key)) faults.push_back(path + ": '" + key.get<std::string>() + "' is missing");
  }
  const auto properties = schema.value("properties", Json::object());
  for (const auto& [key, member] : value.items()) {
    const auto at = path + '.' + key;
    if (properties.contains(key)) {
      validate(member, properties[key], at, faults);
    } else if (schema.contains("additionalProperties")) {
      const auto& more = schema["additionalProperties"];
      if (more.is_boolean() && !more.get<bool>()) faults.push_back(at + ": not in the schema");
      if (more.is_object()) validate(member, more, at, faults);
    }
  }
}

}  // namespace

std::vector<std::string> record_faults(const std::string& line) {
  std::vector<std::string> faults;
  if (line.find('\n') != std::string::npos) faults.emplace_back("a line break inside");
  if (line.size() + 1 > 16 * 1024) faults.emplace_back("longer than 16 KiB");
  // The parser refuses what is no UTF-8.
  const auto record = Json::parse(line, nullptr, false);
  if (record.is_discarded()) return {"no JSON: " + line.substr(0, 200)};
  std::ifstream file(PORCHLIGHT_SOURCE_DIR "/docs/log-record.schema.json");
  validate(record, Json::parse(file), "record", faults);
  return faults;
}

}  // namespace porchlight::telemetry
