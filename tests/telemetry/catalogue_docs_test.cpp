// SPDX-License-Identifier: Apache-2.0
// docs/metrics.md against the catalogue, line by line.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "telemetry/catalogue.hpp"

namespace porchlight::telemetry {
namespace {

std::string labels_of(const FamilySpec& spec) {
  std::string text;
  for (const auto& label : spec.labels) {
    text += (text.empty() ? "" : ", ") + std::string("`") + std::string(label.name) + '`';
  }
  return text.empty() ? "—" : text;
}

std::string row_of(const FamilySpec& spec) {
  return "| `" + std::string(spec.name) + "` | " + std::string(to_string(spec.kind)) + " | " +
         labels_of(spec) + " | " + std::string(spec.help) + " |\n";
}

std::string expected_families() {
  std::string table;
  for (const auto& spec : catalogue()) table += row_of(spec);
  return table;
}

std::string expected_errors() {
  std::string table;
  for (const auto& row : error_table()) {
    std::string types;
    for (const auto type : row.types) types += (types.empty() ? "" : ", ") + std::string(type);
    table += "| " + std::string(row.component) + " | " + types + " |\n";
  }
  return table;
}

std::string expected_buckets() {
  std::string table;
  for (const auto& spec : catalogue()) {
    std::ostringstream bounds;
    for (const double bound : spec.buckets) bounds << (bounds.tellp() == 0 ? "" : ", ") << bound;
    if (!spec.buckets.empty()) table += "| `" + std::string(spec.name) + "` | " + bounds.str() + " |\n";
  }
  return table;
}

// The rows of the table whose head begins with `head`.
std::string documented(std::string_view head) {
  std::ifstream file(PORCHLIGHT_SOURCE_DIR "/docs/metrics.md");
  std::string table;
  std::string line;
  while (std::getline(file, line) && !line.starts_with(head)) {
  }
  std::getline(file, line);  // the rule under the head
  while (std::getline(file, line) && line.starts_with("|")) table += line + '\n';
  return table;
}

TEST(MetricsPage, ListsEveryFamilyAsItIs) {
  EXPECT_EQ(documented("| name |"), expected_families()) << "the rows it should have:\n"
                                                         << expected_families();
}

TEST(MetricsPage, ListsTheErrorTable) {
  EXPECT_EQ(documented("| component |"), expected_errors());
}

TEST(MetricsPage, ListsTheBuckets) {
  EXPECT_EQ(documented("| histogram |"), expected_buckets());
}

}  // namespace
}  // namespace porchlight::telemetry
