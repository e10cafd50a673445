// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "config/value.hpp"

namespace porchlight::config {

struct Tree {
  ValuePtr root;         // a mapping, perhaps empty
  bool complete = true;  // false: a syntax fault hides part of the text
};

// Reads one YAML document. The only place that knows the YAML library. Bounded: 32 levels, 50,000
// values with every alias written out.
Tree read_yaml(std::string_view text, const std::string& file, Faults& faults);

}  // namespace porchlight::config
