// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/config/document.hpp"

namespace porchlight::config {

// Where something stands, without the path: an aliased value has several paths.
struct Spot {
  std::shared_ptr<const std::string> file;
  int line = 0;
  int column = 0;
};

struct Value;
using ValuePtr = std::shared_ptr<const Value>;

struct Entry {
  std::string key;
  Spot spot;  // of the key
  ValuePtr value;
};

// One node of the document. Immutable once read, so that aliases and merges share it.
struct Value {
  enum class Kind { nothing, scalar, list, mapping };

  Kind kind = Kind::nothing;
  Spot spot;
  std::string scalar;
  bool quoted = false;            // scalar: it is a text, whatever it looks like
  std::vector<ValuePtr> items;    // list
  std::vector<Entry> entries;     // mapping, keys unique, order of the file
  std::size_t expanded_size = 1;  // nodes below and including this one, aliases written out

  const Entry* find(std::string_view key) const noexcept;
};

std::string_view to_string(Value::Kind kind) noexcept;

// `over` laid upon `base`: mappings are merged key by key, and so are lists whose every item in `over` has an
// `id`: an item is laid upon the first of that id, the others follow. Anything else of `over` wins.
ValuePtr merged(const ValuePtr& base, const ValuePtr& over);

// As Document::raw().
Raw raw_of(const Value& value, const Spot& spot);

// A text that differs when the value differs; references are resolved.
std::string fingerprint_of(const Value& value);

// Calls for each scalar and empty value below, with its path.
void collect_places(const Value& value, const Spot& spot, const std::string& path, std::vector<Place>& out);

std::string joined(const std::string& path, std::string_view key);
std::string indexed(const std::string& path, std::size_t index);

}  // namespace porchlight::config
