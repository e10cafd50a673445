// SPDX-License-Identifier: Apache-2.0
// docs/health.md against the table of checks, row by row.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "porchlight/observe/deep_health.hpp"

namespace porchlight::observe {
namespace {

std::string needs_of(const DeepCheck& check) {
  std::string list;
  for (const auto need : check.needs)
    if (!need.empty()) list += (list.empty() ? "`" : ", `") + std::string(need) + '`';
  return list.empty() ? "—" : list;
}

// All but what it does, which is for people.
std::string row_of(const DeepCheck& check) {
  return "| `" + std::string(check.name) + "` | `" + std::string(check.key) + "` | " +
         (check.weight == Weight::breaks ? "unhealthy" : "degraded") + " | " +
         std::to_string(std::chrono::duration_cast<std::chrono::seconds>(check.limit).count()) + " s | " +
         needs_of(check) + " | ";
}

TEST(HealthPage, ListsEveryCheckAsItIs) {
  std::ifstream file(PORCHLIGHT_SOURCE_DIR "/docs/health.md");
  std::string line;
  while (std::getline(file, line) && !line.starts_with("| check |")) {
  }
  std::getline(file, line);  // the rule under the head
  for (const auto& check : deep_checks()) {
    ASSERT_TRUE(std::getline(file, line)) << "the page ends before '" << check.name << "'";
    EXPECT_TRUE(line.starts_with(row_of(check))) << line << "\nshould begin\n" << row_of(check);
    EXPECT_GT(line.size(), row_of(check).size() + 20) << "what does '" << check.name << "' do?";
  }
  std::getline(file, line);
  EXPECT_EQ(line, "") << "a row of no check";
}

TEST(DeepChecks, NeedOnlyWhatRunsBefore) {
  std::vector<std::string_view> before;
  for (const auto& check : deep_checks()) {
    for (const auto need : check.needs)
      EXPECT_TRUE(need.empty() || std::find(before.begin(), before.end(), need) != before.end())
          << check.name << " needs " << need;
    before.push_back(check.name);
  }
}

}  // namespace
}  // namespace porchlight::observe
