// SPDX-License-Identifier: Apache-2.0
// The typed getters of a Section.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "config/node.hpp"

namespace porchlight::config {
namespace {

// What the user wrote, short enough for one line. Never a resolved secret.
std::string in_quotes(std::string_view raw) {
  constexpr std::size_t most = 40;
  if (raw.size() <= most) return "'" + std::string(raw) + "'";
  auto cut = most;
  while (cut > 0 && (static_cast<unsigned char>(raw[cut]) & 0xC0) == 0x80) --cut;
  return "'" + std::string(raw.substr(0, cut)) + "…'";
}

template <class Number>
std::optional<Number> whole_number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string shown(double number) {
  std::string text(32, '\0');
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  text.resize(error == std::errc() ? static_cast<std::size_t>(end - text.data()) : 0);
  return text;
}

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr Unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

std::string shown(std::chrono::milliseconds duration) {
  for (auto unit = std::rbegin(units); unit != std::rend(units); ++unit) {
    if (duration.count() != 0 && duration.count() % unit->milliseconds == 0) {
      return std::to_string(duration.count() / unit->milliseconds) + std::string(unit->name);
    }
  }
  return "0s";
}

std::optional<std::chrono::milliseconds> duration_of(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = whole_number_of<std::int64_t>(text.substr(0, digits));
  if (!number || text.front() == '-') return std::nullopt;
  for (const auto& unit : units) {
    if (text.substr(digits) != unit.name) continue;
    if (*number > std::int64_t{1'000'000'000'000} / unit.milliseconds) return std::nullopt;
    return std::chrono::milliseconds{*number * unit.milliseconds};
  }
  return std::nullopt;
}

struct SizeUnit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr SizeUnit size_units[] = {
    {"B", 1},
    {"kB", 1'000},
    {"KB", 1'000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"TB", 1'000'000'000'000},
    {"KiB", std::uint64_t{1} << 10},
    {"MiB", std::uint64_t{1} << 20},
    {"GiB", std::uint64_t{1} << 30},
    {"TiB", std::uint64_t{1} << 40},
};
constexpr double largest_size = 1e18;  // bytes

std::optional<SizeOrPart> size_or_part_of(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = whole_number_of<double>(text.substr(0, digits));
  if (!number || !std::isfinite(*number) || *number <= 0) return std::nullopt;
  const auto unit = text.substr(digits);
  if (unit == "%") return *number <= 100 ? std::optional(SizeOrPart{0, *number / 100}) : std::nullopt;
  for (const auto& known : size_units) {
    const double bytes = *number * static_cast<double>(known.bytes);
    if (unit == known.name && bytes >= 1 && bytes <= largest_size)
      return SizeOrPart{static_cast<std::uint64_t>(bytes), 0};
  }
  return std::nullopt;
}

bool is_id(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::string Section::raw_text(std::string_view key) const {
  const Entry* entry = node_->value->find(key);
  return entry == nullptr ? std::string() : entry->value->scalar;
}

std::string Section::text(std::string_view key, std::string fallback) {
  return node_->scalar(key).value_or(std::move(fallback));
}

std::string Section::required_text(std::string_view key) {
  const bool faulty_already = has(key) && !is_scalar(key);
  const auto found = node_->scalar(key);
  if (!has(key)) node_->missing(key);
  if (!faulty_already && found && found->empty()) node_->fault(key, "must not be empty");
  return found.value_or("");
}

bool Section::boolean(std::string_view key, bool fallback) {
  const auto found = node_->scalar(key);
  if (!found) return fallback;
  if (*found == "true" || *found == "false") return *found == "true";
  node_->fault(key, "expected true or false, found " + in_quotes(raw_text(key)));
  return fallback;
}

std::int64_t Section::integer(std::string_view key, std::int64_t fallback, std::int64_t least,
                              std::int64_t most) {
  const auto found = node_->scalar(key);
  if (!found) return fallback;
  const auto number = whole_number_of<std::int64_t>(*found);
  if (!number) {
    node_->fault(key, "expected a whole number, found " + in_quotes(raw_text(key)));
  } else if (*number < least || *number > most) {
    node_->fault(key, "must be between " + std::to_string(least) + " and " + std::to_string(most) +
                          ", found " + in_quotes(raw_text(key)));
  } else {
    return *number;
  }
  return fallback;
}

double Section::number(std::string_view key, double fallback, double least, double most) {
  const auto found = node_->scalar(key);
  if (!found) return fallback;
  const auto number = whole_number_of<double>(*found);
  if (!number || !std::isfinite(*number)) {
    node_->fault(key, "expected a number, found " + in_quotes(raw_text(key)));
  } else if (*number < least || *number > most) {
    node_->fault(key, "must be between " + shown(least) + " and " + shown(most) + ", found " +
                          in_quotes(raw_text(key)));
  } else {
    return *number;
  }
  return fallback;
}

std::chrono::milliseconds Section::duration(std::string_view key, std::chrono::milliseconds fallback,
                                            std::chrono::milliseconds least, std::chrono::milliseconds most) {
  const auto found = node_->scalar(key);
  if (!found) return fallback;
  const auto duration = duration_of(*found);
  if (!duration) {
    const bool bare = whole_number_of<std::int64_t>(*found).value_or(-1) >= 0;
    const auto raw = raw_text(key);
    node_->fault(key, bare ? "a duration needs a unit: write '" + raw + "s' or '" + raw + "ms'"
                           : "expected a duration such as 30ms, 30s, 5m, 2h or 7d, found " + in_quotes(raw));
  } else if (*duration < least || *duration > most) {
    node_->fault(key, "must be between " + shown(least) + " and " + shown(most) + ", found " +
                          in_quotes(raw_text(key)));
  } else {
    return *duration;
  }
  return fallback;
}

std::optional<SizeOrPart> Section::size_or_part(std::string_view key, std::optional<SizeOrPart> fallback,
                                                std::string_view also) {
  const auto found = node_->scalar(key);
  if (!found) return fallback;
  if (const auto read = size_or_part_of(*found)) return read;
  const bool bare = whole_number_of<double>(*found).has_value();
  const auto raw = raw_text(key);
  node_->fault(key, bare ? "a size needs a unit: write '" + raw + "GiB' or '" + raw + "%'"
                         : "expected " + std::string(also) +
                               "a size such as 500MB or 20GiB, or a part such as 80%, found " +
                               in_quotes(raw));
  return fallback;
}

std::string Section::choice(std::string_view key, std::string_view fallback,
                            std::initializer_list<std::string_view> words) {
  const auto found = node_->scalar(key);
  if (!found) return std::string(fallback);
  if (std::find(words.begin(), words.end(), *found) != words.end()) return *found;
  const std::vector<std::string> known(words.begin(), words.end());
  const auto raw = raw_text(key);
  const auto near = suggestion(raw, known);
  node_->fault(key, "unknown value " + in_quotes(raw) + (near ? " (did you mean '" + *near + "'?)" : "") +
                        ", one of: " + listed(known));
  return std::string(fallback);
}

std::string Section::required_id(std::string_view key) {
  auto found = required_text(key);
  if (found.empty() || is_id(found)) return found;
  node_->fault(key, "an id has only small letters, digits and '_', found " + in_quotes(raw_text(key)));
  return {};
}

// The row's numbers; nothing after a fault, which is at the number's own place.
std::optional<std::vector<double>> Section::Node::row_of(const Value& item, const std::string& path,
                                                         std::size_t columns, double least,
                                                         double most) const {
  const auto place_of = [&path](const Value& found) {
    return Place{found.spot.file ? *found.spot.file : "", found.spot.line, found.spot.column, path};
  };
  if (item.kind != Value::Kind::list || item.items.size() != columns) {
    fault_at(place_of(item), "expected a list of " + std::to_string(columns) + " numbers");
    return std::nullopt;
  }
  std::vector<double> row;
  for (const auto& cell : item.items) {
    const auto text =
        cell->kind == Value::Kind::scalar ? resolved(place_of(*cell), cell->scalar) : std::nullopt;
    const auto number = text ? whole_number_of<double>(*text) : std::nullopt;
    if (!number || !std::isfinite(*number) || *number < least || *number > most) {
      fault_at(place_of(*cell), "expected a number between " + shown(least) + " and " + shown(most) +
                                    (cell->scalar.empty() ? "" : ", found " + in_quotes(cell->scalar)));
      return std::nullopt;
    }
    row.push_back(*number);
  }
  return row;
}

std::optional<std::vector<std::vector<double>>> Section::number_rows(std::string_view key,
                                                                     std::size_t columns, double least,
                                                                     double most) {
  std::vector<std::vector<double>> rows;
  const Entry* entry = node_->note(key);
  if (entry == nullptr || entry->value->kind == Value::Kind::nothing) return rows;
  if (entry->value->kind != Value::Kind::list) {
    node_->fault(key, "expected a list, found " + std::string(to_string(entry->value->kind)));
    return std::nullopt;
  }
  const auto path = joined(node_->place.path, key);
  for (std::size_t i = 0; i < entry->value->items.size(); ++i)
    if (auto row = node_->row_of(*entry->value->items[i], indexed(path, i), columns, least, most))
      rows.push_back(std::move(*row));
  if (rows.size() < entry->value->items.size()) return std::nullopt;
  return rows;
}

std::vector<std::string> Section::text_list(std::string_view key) {
  std::vector<std::string> texts;
  const Entry* entry = node_->note(key);
  if (entry == nullptr || entry->value->kind == Value::Kind::nothing) return texts;
  if (entry->value->kind != Value::Kind::list) {
    node_->fault(key, "expected a list, found " + std::string(to_string(entry->value->kind)));
  }
  const auto path = joined(node_->place.path, key);
  for (std::size_t i = 0; i < entry->value->items.size(); ++i) {
    const auto& item = *entry->value->items[i];
    const Place where{item.spot.file ? *item.spot.file : "", item.spot.line, item.spot.column,
                      indexed(path, i)};
    if (item.kind != Value::Kind::scalar) {
      node_->fault_at(where, "expected a single value, found " + std::string(to_string(item.kind)));
    } else if (auto text = node_->resolved(where, item.scalar)) {
      texts.push_back(std::move(*text));
    }
  }
  return texts;
}

}  // namespace porchlight::config
