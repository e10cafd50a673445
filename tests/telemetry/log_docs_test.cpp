// SPDX-License-Identifier: Apache-2.0
// docs/logging.md against the schema, the catalogue, the program's words and docs/configuration.md.
#include <gmock/gmock.h>

#include <array>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "porchlight/telemetry/log_levels.hpp"
#include "porchlight/telemetry/recent_log.hpp"
#include "telemetry/catalogue.hpp"
#include "telemetry/journal_sink.hpp"
#include "telemetry/record.hpp"

namespace porchlight::telemetry {
namespace {

using Cells = std::vector<std::string>;
constexpr std::array levels = {Level::debug, Level::info, Level::warning, Level::error, Level::critical};

std::ifstream page(const char* name) {
  return std::ifstream(std::string(PORCHLIGHT_SOURCE_DIR "/docs/") + name);
}

// `| a | b |` without the code marks around a cell.
Cells cells_of(std::string_view row) {
  Cells cells;
  row.remove_prefix(1);
  while (!row.empty()) {
    auto cell = row.substr(0, row.find(" |"));
    row.remove_prefix(std::min(row.size(), cell.size() + 2));
    while (cell.starts_with(' ')) cell.remove_prefix(1);
    if (cell.size() > 2 && cell.starts_with('`') && cell.find('`', 1) == cell.size() - 1)
      cell = cell.substr(1, cell.size() - 2);
    cells.emplace_back(cell);
  }
  return cells;
}

// The rows of the table whose head begins so.
std::vector<Cells> table(const char* name, std::string_view head) {
  auto file = page(name);
  std::vector<Cells> rows;
  std::string line;
  while (std::getline(file, line) && !line.starts_with(head)) {
  }
  std::getline(file, line);  // the rule under the head
  while (std::getline(file, line) && line.starts_with("|")) rows.push_back(cells_of(line));
  EXPECT_FALSE(rows.empty()) << name << ": " << head;
  return rows;
}

std::string type_in(const nlohmann::json& property) {
  return property.value("type", "");
}

TEST(LogDocs, EveryFieldOfTheSchemaHasItsRowAndNoOtherHas) {
  const auto schema = nlohmann::json::parse(page("log-record.schema.json"));
  std::map<std::string, std::string> expected;
  for (const auto& [name, property] : schema["properties"].items()) expected[name] = type_in(property);
  std::map<std::string, std::string> documented;
  for (const auto& row : table("logging.md", "| field |")) documented[row.at(0)] = row.at(1);
  EXPECT_EQ(documented, expected);
}

TEST(LogDocs, TheFieldsThatAreAlwaysThereComeFirst) {
  const auto schema = nlohmann::json::parse(page("log-record.schema.json"));
  const auto rows = table("logging.md", "| field |");
  const auto required = schema["required"].get<std::vector<std::string>>();
  ASSERT_EQ(required.size(), 12u) << "the page says twelve";
  for (std::size_t n = 0; n < required.size(); ++n) EXPECT_EQ(rows.at(n).at(0), required[n]);
}

// Priority as the journal is told it.
std::string priority_of(Level level) {
  Record record;
  record.level = level;
  const auto entry = journal_entry(record, "x");
  const auto at = entry.find("PRIORITY=") + 9;
  return entry.substr(at, entry.find('\n', at) - at);
}

TEST(LogDocs, LevelsAreTheProgramsWords) {
  std::vector<Cells> expected;
  for (const auto level : levels)
    expected.push_back({std::string(to_string(level)), std::string(word_of(level)), priority_of(level)});
  EXPECT_EQ(table("logging.md", "| level |"), expected);
}

TEST(LogDocs, ComponentsAreTheProgramsWords) {
  auto file = page("logging.md");
  std::string line;
  while (std::getline(file, line) && line != "### Components") {
  }
  std::getline(file, line);
  std::string expected;
  for (int n = 0; n <= static_cast<int>(Component::system); ++n)
    expected += (n == 0 ? "`" : ", `") + std::string(to_string(static_cast<Component>(n))) + '`';
  EXPECT_EQ(line, expected);
}

TEST(LogDocs, ReasonsAreThoseOfTheCounter) {
  const auto* family = find_family("log_messages_dropped_total");
  ASSERT_NE(family, nullptr);
  std::vector<std::string> expected(family->labels.front().values.begin(),
                                    family->labels.front().values.end());
  std::vector<std::string> documented;
  for (const auto& row : table("logging.md", "| reason |")) documented.push_back(row.at(0));
  EXPECT_EQ(documented, expected);
}

TEST(LogDocs, KeysAndTheirDefaultsAreThoseOfTheConfiguration) {
  auto file = page("configuration.md");
  std::vector<Cells> expected;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("| `log.") || line.starts_with("| `privacy.")) {
      auto cells = cells_of(line);
      cells.resize(2);
      expected.push_back(std::move(cells));
    }
  EXPECT_EQ(table("logging.md", "| key |"), expected);
}

TEST(LogDocs, ARowIsReadAsItIsWritten) {
  EXPECT_EQ(cells_of("| `a` | b c | `d`, `e` |"), (Cells{"a", "b c", "`d`, `e`"}));
}

TEST(ComponentWords, AreReadBack) {
  for (int n = 0; n <= static_cast<int>(Component::system); ++n) {
    const auto component = static_cast<Component>(n);
    EXPECT_EQ(component_of(to_string(component)), component);
  }
  for (const char* word : {"", "API", "door"}) EXPECT_EQ(component_of(word), std::nullopt) << word;
}

}  // namespace
}  // namespace porchlight::telemetry
