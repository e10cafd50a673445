// SPDX-License-Identifier: Apache-2.0
#include "config/value.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "config/secret.hpp"

namespace porchlight::config {
namespace {

// A length before each text keeps `a: [b, c]` and `a: "b, c"` apart.
void append_text(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

void append_fingerprint(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::nothing:
      out += 'n';
      break;
    case Value::Kind::scalar: {
      const auto resolved = resolve_references(value.scalar);
      out += resolved.ok() ? 's' : 'x';
      append_text(out, resolved.ok() ? *resolved : value.scalar);
      break;
    }
    case Value::Kind::list:
      out += '[';
      for (const auto& item : value.items) append_fingerprint(out, *item);
      out += ']';
      break;
    case Value::Kind::mapping: {
      std::vector<const Entry*> sorted;
      for (const auto& entry : value.entries) sorted.push_back(&entry);
      std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->key < b->key; });
      out += '{';
      for (const auto* entry : sorted) {
        append_text(out, entry->key);
        append_fingerprint(out, *entry->value);
      }
      out += '}';
      break;
    }
  }
}

}  // namespace

const Entry* Value::find(std::string_view key) const noexcept {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

std::string_view to_string(Value::Kind kind) noexcept {
  switch (kind) {
    case Value::Kind::nothing:
      return "nothing";
    case Value::Kind::scalar:
      return "a single value";
    case Value::Kind::list:
      return "a list";
    case Value::Kind::mapping:
      return "a mapping";
  }
  return "nothing";
}

namespace {

// The id by which an item of a list is known to another file; null: it has none.
const std::string* id_of(const Value& item) {
  const auto* id = item.kind == Value::Kind::mapping ? item.find("id") : nullptr;
  return id != nullptr && id->value->kind == Value::Kind::scalar ? &id->value->scalar : nullptr;
}

bool all_have_ids(const Value& list) {
  return !list.items.empty() && std::all_of(list.items.begin(), list.items.end(),
                                            [](const auto& item) { return id_of(*item) != nullptr; });
}

// An id that stands twice in one file stays there twice, for whoever reads the list to refuse.
ValuePtr merged_lists(const ValuePtr& base, const ValuePtr& over) {
  if (!all_have_ids(*over)) return over;
  auto result = std::make_shared<Value>(*base);
  std::set<std::string_view> seen;
  for (const auto& item : over->items) {
    const auto* id = id_of(*item);
    const auto end = result->items.begin() + static_cast<std::ptrdiff_t>(base->items.size());
    const auto place =
        !seen.insert(*id).second ? end : std::find_if(result->items.begin(), end, [&](auto& one) {
          const auto* its = id_of(*one);
          return its != nullptr && *its == *id;
        });
    if (place == end)
      result->items.push_back(item);
    else
      *place = merged(*place, item);
  }
  result->expanded_size =
      std::accumulate(result->items.begin(), result->items.end(), std::size_t{1},
                      [](std::size_t sum, const auto& item) { return sum + item->expanded_size; });
  return result;
}

}  // namespace

ValuePtr merged(const ValuePtr& base, const ValuePtr& over) {
  if (over->kind == Value::Kind::nothing) return base;
  if (base->kind == Value::Kind::list && over->kind == Value::Kind::list) return merged_lists(base, over);
  if (base->kind != Value::Kind::mapping || over->kind != Value::Kind::mapping) return over;
  auto result = std::make_shared<Value>(*base);
  for (const auto& entry : over->entries) {
    const auto place = std::find_if(result->entries.begin(), result->entries.end(),
                                    [&](const Entry& e) { return e.key == entry.key; });
    if (place == result->entries.end()) {
      result->entries.push_back(entry);
      continue;
    }
    auto value = merged(place->value, entry.value);
    // A mapping that only grew keeps its first place; a value that was replaced is the later file's.
    if (value == entry.value) place->spot = entry.spot;
    place->value = std::move(value);
  }
  result->expanded_size =
      std::accumulate(result->entries.begin(), result->entries.end(), std::size_t{1},
                      [](std::size_t sum, const Entry& e) { return sum + e.value->expanded_size; });
  return result;
}

std::string fingerprint_of(const Value& value) {
  std::string out;
  append_fingerprint(out, value);
  return out;
}

void collect_places(const Value& value, const Spot& spot, const std::string& path, std::vector<Place>& out) {
  if (value.items.empty() && value.entries.empty()) {
    out.push_back({spot.file ? *spot.file : std::string(), spot.line, spot.column, path});
    return;
  }
  for (const auto& entry : value.entries)
    collect_places(*entry.value, entry.spot, joined(path, entry.key), out);
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    collect_places(*value.items[i], value.items[i]->spot, indexed(path, i), out);
  }
}

Raw raw_of(const Value& value, const Spot& spot) {
  Raw raw;
  raw.file = spot.file ? *spot.file : std::string();
  raw.text = value.scalar;
  raw.quoted = value.quoted;
  switch (value.kind) {
    case Value::Kind::nothing:
      break;
    case Value::Kind::scalar:
      raw.kind = Raw::Kind::scalar;
      break;
    case Value::Kind::list:
      raw.kind = Raw::Kind::list;
      for (const auto& item : value.items) raw.items.push_back(raw_of(*item, item->spot));
      break;
    case Value::Kind::mapping:
      raw.kind = Raw::Kind::mapping;
      for (const auto& entry : value.entries)
        raw.entries.push_back({entry.key, raw_of(*entry.value, entry.spot)});
      break;
  }
  return raw;
}

std::string joined(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + '.' + std::string(key);
}

std::string indexed(const std::string& path, std::size_t index) {
  return path + '[' + std::to_string(index) + ']';
}

}  // namespace porchlight::config
