// SPDX-License-Identifier: Apache-2.0
#include "telemetry/contract_check.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "telemetry/exposition_reader.hpp"

namespace porchlight::contract {
namespace {

using Json = nlohmann::json;

struct Row {
  std::string type;
  std::map<std::string, std::set<std::string>> labels;
  std::vector<double> buckets;
  std::string created;
  std::string pending;  // the feature that it waits for
};

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// Marks a label whose one value is the build's own.
const std::set<std::string> one_value = {"one value"};

std::set<std::string> values_of(const Json& set, const Configured& configured) {
  if (set == "one value") return one_value;
  if (set.is_array()) return set.get<std::set<std::string>>();
  const auto found =
      configured.values.find(set.get<std::string>().substr(std::string("by configuration: ").size()));
  return found == configured.values.end() ? std::set<std::string>() : found->second;
}

std::map<std::string, Row> read_contract(const Configured& configured) {
  std::map<std::string, Row> rows;
  std::ifstream file(PORCHLIGHT_SOURCE_DIR "/tests/telemetry/contract.tsv");
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const auto cells = split(line, '\t');
    auto& row = rows[cells.at(0)];
    row.type = cells.at(1);
    const auto labels = Json::parse(cells.at(3));
    for (const auto& [label, set] : labels.items()) row.labels[label] = values_of(set, configured);
    if (!cells.at(4).empty()) {
      for (const auto& bound : split(cells.at(4), ',')) row.buckets.push_back(std::stod(bound));
    }
    row.created = cells.at(5);
    if (cells.size() > 7) row.pending = cells[7];
  }
  return rows;
}

// Label sets of a family's series, buckets folded together.
std::set<Labels> series_of(const Family& family) {
  std::set<Labels> series;
  for (const auto& sample : family.samples) {
    auto labels = sample.labels;
    if (family.type == "histogram") labels.erase("le");
    series.insert(std::move(labels));
  }
  return series;
}

void combine(const Row& row, std::map<std::string, std::set<std::string>>::const_iterator label,
             Labels& labels, std::vector<Labels>& out) {
  if (label == row.labels.end()) return out.push_back(labels);
  for (const auto& value : label->second) {
    labels[label->first] = value;
    combine(row, std::next(label), labels, out);
  }
}

std::vector<Labels> required_errors(const std::string& table) {
  std::vector<Labels> required;
  const auto components = Json::parse(table);
  for (const auto& [component, types] : components.items()) {
    for (const auto& type : types) {
      for (const char* severity : {"warning", "error", "critical"}) {
        required.push_back(
            {{"component", component}, {"error_type", type.get<std::string>()}, {"severity", severity}});
      }
    }
  }
  return required;
}

std::vector<Labels> required_routes(const Row& row, const Configured& configured) {
  std::vector<Labels> required;
  for (const auto& route : configured.routes) {
    const Labels labels = {{"method", route.method}, {"endpoint", route.endpoint}};
    if (row.labels.count("status") == 0) required.push_back(labels);
    for (const auto& status : route.statuses) {
      auto with_status = labels;
      with_status["status"] = status;
      if (row.labels.count("status") != 0) required.push_back(with_status);
    }
  }
  return required;
}

std::vector<Labels> required_series(const Row& row, const Configured& configured) {
  std::vector<Labels> required;
  Labels labels;
  if (row.created == "-" || row.created == "one") return required;
  if (row.created == "routes") return required_routes(row, configured);
  if (row.created.starts_with('{')) return required_errors(row.created);
  combine(row, row.labels.begin(), labels, required);
  return required;
}

class Check {
 public:
  Check(const Configured& configured, std::vector<std::string>& faults)
      : configured_(configured), faults_(faults) {}

  void family(const Family& family, const Row& row) {
    if (family.type != row.type) fault(family.name, "is a " + family.type + ", should be a " + row.type);
    if (family.help.empty()) fault(family.name, "no HELP");
    const auto series = series_of(family);
    for (const auto& labels : series) this->labels(family.name, labels, row);
    for (const auto& labels : required_series(row, configured_)) {
      if (series.count(labels) == 0) fault(family.name, shown(labels) + " is not there from the start");
    }
    if (row.created == "one" && series.size() != 1) fault(family.name, "should have one series");
    for (const auto& sample : family.samples) value(sample, family.type);
    if (row.type == "histogram" && family.type == "histogram") {
      for (const auto& labels : series) histogram(family, labels, row.buckets);
    }
  }

 private:
  void fault(const std::string& name, const std::string& text) { faults_.push_back(name + ": " + text); }

  void labels(const std::string& name, const Labels& labels, const Row& row) {
    for (const auto& [label, text] : labels) {
      const auto known = row.labels.find(label);
      if (known == row.labels.end()) {
        fault(name, "label '" + label + "' is not in the contract");
      } else if (known->second == one_value ? text.empty() : known->second.count(text) == 0) {
        fault(name, "value '" + text + "' of label '" + label + "' is not in its set");
      }
    }
    for (const auto& [label, values] : row.labels) {
      if (labels.count(label) == 0) fault(name, "label '" + label + "' is missing");
    }
  }

  void value(const Sample& sample, const std::string& type) {
    if (std::isnan(sample.value)) fault(sample.name, "is not a number");
    if (type != "gauge" && sample.value < 0) fault(sample.name, "is negative");
  }

  void histogram(const Family& family, const Labels& labels, const std::vector<double>& buckets) {
    std::vector<double> bounds;
    double before = 0;
    double count = -1;
    bool sum = false;
    for (const auto& sample : family.samples) {
      auto plain = sample.labels;
      plain.erase("le");
      if (plain != labels) continue;
      if (sample.name == family.name + "_sum") sum = true;
      if (sample.name == family.name + "_count") count = sample.value;
      if (sample.name != family.name + "_bucket") continue;
      const auto le = sample.labels.find("le");
      bounds.push_back(le == sample.labels.end() ? std::nan("") : std::stod(le->second));
      if (sample.value < before) fault(family.name, shown(labels) + " buckets are not cumulative");
      before = sample.value;
    }
    auto expected = buckets;
    expected.push_back(std::numeric_limits<double>::infinity());
    if (bounds != expected) fault(family.name, shown(labels) + " has other buckets");
    if (!sum || count < 0) fault(family.name, shown(labels) + " lacks _sum or _count");
    if (count >= 0 && count != before) fault(family.name, shown(labels) + " +Inf is not _count");
  }

  const Configured& configured_;
  std::vector<std::string>& faults_;
};

}  // namespace

std::vector<std::string> check(std::string_view exposition, const Configured& configured) {
  std::vector<std::string> faults;
  const auto rows = read_contract(configured);
  if (rows.empty()) faults.emplace_back("the contract is empty or missing");
  const auto families = read_exposition(exposition, faults);
  Check check(configured, faults);
  for (const auto& [name, family] : families) {
    const auto row = rows.find(name);
    if (row == rows.end()) {
      faults.push_back(name + ": not in the contract");
    } else if (!row->second.pending.empty()) {
      faults.push_back(name + ": is there, and the contract says that it waits for " + row->second.pending);
    } else {
      check.family(family, row->second);
    }
  }
  for (const auto& [name, row] : rows) {
    if (families.count(name) == 0 && row.pending.empty()) faults.push_back(name + ": missing");
  }
  return faults;
}

std::size_t families() {
  return read_contract({}).size();
}

std::map<std::string, std::string> pending() {
  std::map<std::string, std::string> waiting;
  for (const auto& [name, row] : read_contract({}))
    if (!row.pending.empty()) waiting[name] = row.pending;
  return waiting;
}

}  // namespace porchlight::contract
