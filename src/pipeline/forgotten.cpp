// SPDX-License-Identifier: Apache-2.0
#include "pipeline/forgotten.hpp"

#include <nlohmann/json.hpp>

namespace porchlight::pipeline {
namespace {

template <class Goes>
void leave_out(std::vector<store::OutboxRow>& rows, Goes goes) {
  for (auto& row : rows) {
    auto object = nlohmann::json::parse(row.payload, nullptr, false);
    if (!object.is_object() || !object.contains("person") || !object["person"].is_string()) continue;
    if (!goes(object["person"].get<std::string>())) continue;
    object.erase("person");
    row.payload = object.dump();
  }
}

}  // namespace

void leave_out_person(std::vector<store::OutboxRow>& rows, const std::string& person) {
  leave_out(rows, [&](const std::string& said) { return said == person; });
}

void leave_out_strangers(std::vector<store::OutboxRow>& rows, const std::set<std::string>& known) {
  leave_out(rows, [&](const std::string& said) { return !known.contains(said); });
}

}  // namespace porchlight::pipeline
