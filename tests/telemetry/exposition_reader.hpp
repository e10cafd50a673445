// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace porchlight::contract {

using Labels = std::map<std::string, std::string>;

struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
};

struct Family {
  std::string name;
  std::string type;
  std::string help;
  std::vector<Sample> samples;
};

// A strict reader of the text format 0.0.4: HELP, then TYPE, then the family's samples, each family
// once, no series twice. What is wrong goes to `faults`.
std::map<std::string, Family> read_exposition(std::string_view text, std::vector<std::string>& faults);

std::string shown(const Labels& labels);

}  // namespace porchlight::contract
