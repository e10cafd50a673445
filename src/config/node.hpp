// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/value.hpp"
#include "porchlight/config/document.hpp"

namespace porchlight::config {

// What a Section remembers about its mapping. Copies of a Section share one Node, and a key asked
// twice gives the same child, so finish() knows all that was asked.
struct Section::Node {
  ValuePtr value;  // a mapping
  Place place;
  Faults* faults = nullptr;
  std::shared_ptr<const std::set<std::string>> open_files;  // that others than root may write; null: none
  bool incomplete = false;  // keys may be missing for another, reported reason
  bool finished = false;
  std::set<std::string, std::less<>> known;
  std::set<std::string, std::less<>> suggested;  // known, without what this version lacks
  std::map<std::string, std::vector<std::shared_ptr<Node>>, std::less<>> children;

  const Entry* note(std::string_view key);
  Place place_of(std::string_view key) const;
  void fault_at(const Place& where, std::string_view message, bool tolerable = false) const;
  void fault(std::string_view key, std::string_view message) const { fault_at(place_of(key), message); }
  void missing(std::string_view key) const;
  // The scalar at the key with references resolved; nothing when absent or faulty.
  std::optional<std::string> scalar(std::string_view key);
  std::optional<std::string> resolved(const Place& where, const std::string& raw) const;
  std::optional<std::vector<double>> row_of(const Value& item, const std::string& path, std::size_t columns,
                                            double least, double most) const;
  void finish();
};

}  // namespace porchlight::config
