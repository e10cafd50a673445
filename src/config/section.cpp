// SPDX-License-Identifier: Apache-2.0
#include "config/node.hpp"
#include "config/secret.hpp"

namespace porchlight::config {
namespace {

Place place_at(const Spot& spot, std::string path) {
  return {spot.file ? *spot.file : std::string(), spot.line, spot.column, std::move(path)};
}

ValuePtr empty_mapping(const Spot& spot) {
  auto value = std::make_shared<Value>();
  value->kind = Value::Kind::mapping;
  value->spot = spot;
  return value;
}

std::string wrong_kind(std::string_view expected, const Value& found) {
  return "expected " + std::string(expected) + ", found " + std::string(to_string(found.kind));
}

std::shared_ptr<Section::Node> child_of(const Section::Node& parent, ValuePtr value, Place place,
                                        bool incomplete) {
  auto node = std::make_shared<Section::Node>();
  node->value = std::move(value);
  node->place = std::move(place);
  node->faults = parent.faults;
  node->open_files = parent.open_files;
  node->incomplete = parent.incomplete || incomplete;
  return node;
}

}  // namespace

const Entry* Section::Node::note(std::string_view key) {
  known.emplace(key);
  suggested.emplace(key);
  return value->find(key);
}

Place Section::Node::place_of(std::string_view key) const {
  auto path = joined(place.path, key);
  const Entry* entry = value->find(key);
  if (entry != nullptr) return place_at(entry->spot, std::move(path));
  return {place.file, place.line, place.column, std::move(path)};
}

void Section::Node::fault_at(const Place& where, std::string_view message, bool tolerable) const {
  faults->add({where.file, where.line, where.column,
               where.path.empty() ? std::string(message) : where.path + ": " + std::string(message),
               tolerable});
}

void Section::Node::missing(std::string_view key) const {
  if (!incomplete) fault(key, "missing, and there is no default");
}

std::optional<std::string> Section::Node::resolved(const Place& where, const std::string& raw) const {
  const bool anothers = open_files && open_files->contains(where.file);
  auto text = resolve_references(raw, anothers ? Whose::anothers : Whose::own);
  if (text) return std::move(text).value();
  fault_at(where, text.error().text());
  return std::nullopt;
}

std::optional<std::string> Section::Node::scalar(std::string_view key) {
  const Entry* entry = note(key);
  if (entry == nullptr) return std::nullopt;
  if (entry->value->kind != Value::Kind::scalar) {
    fault(key, wrong_kind("a single value", *entry->value));
    return std::nullopt;
  }
  return resolved(place_of(key), entry->value->scalar);
}

void Section::Node::finish() {
  if (std::exchange(finished, true)) return;
  const std::vector<std::string> words(suggested.begin(), suggested.end());
  for (const auto& entry : value->entries) {
    if (known.count(entry.key) != 0) continue;
    const auto near = suggestion(entry.key, words);
    fault(entry.key, near ? "unknown key (did you mean '" + *near + "'?)" : "unknown key");
  }
  for (const auto& [key, nodes] : children) {
    for (const auto& node : nodes) node->finish();
  }
}

Section::Section(std::shared_ptr<Node> node) : node_(std::move(node)) {}

bool Section::has(std::string_view key) const {
  return node_->value->find(key) != nullptr;
}
std::vector<std::string> Section::keys() const {
  std::vector<std::string> keys;
  for (const auto& entry : node_->value->entries) keys.push_back(entry.key);
  return keys;
}
std::string Section::fingerprint() const {
  return fingerprint_of(*node_->value);
}
const Place& Section::place() const {
  return node_->place;
}
Place Section::place_of(std::string_view key) const {
  return node_->place_of(key);
}

bool Section::is_roots_own(std::string_view key) const {
  return !node_->open_files || !node_->open_files->contains(place_of(key).file);
}

bool Section::is_mapping(std::string_view key) const {
  const Entry* entry = node_->value->find(key);
  return entry != nullptr && entry->value->kind == Value::Kind::mapping;
}

bool Section::is_scalar(std::string_view key) const {
  const Entry* entry = node_->value->find(key);
  return entry != nullptr && entry->value->kind == Value::Kind::scalar;
}

Section Section::section(std::string_view key) {
  const Entry* entry = node_->note(key);
  auto& nodes = node_->children[std::string(key)];
  if (!nodes.empty()) return Section(nodes.front());
  const bool absent = entry == nullptr || entry->value->kind == Value::Kind::nothing;
  const bool wrong = !absent && entry->value->kind != Value::Kind::mapping;
  if (wrong) node_->fault(key, wrong_kind("a mapping", *entry->value));
  auto value = absent || wrong ? empty_mapping(node_->value->spot) : entry->value;
  nodes.push_back(child_of(*node_, std::move(value), node_->place_of(key), wrong));
  return Section(nodes.front());
}

std::vector<Section> Section::list(std::string_view key) {
  const Entry* entry = node_->note(key);
  auto& nodes = node_->children[std::string(key)];
  if (entry != nullptr && nodes.empty() && entry->value->kind != Value::Kind::nothing) {
    if (entry->value->kind != Value::Kind::list) node_->fault(key, wrong_kind("a list", *entry->value));
    const auto path = joined(node_->place.path, key);
    for (std::size_t i = 0; i < entry->value->items.size(); ++i) {
      const auto& item = entry->value->items[i];
      const auto place = place_at(item->spot, indexed(path, i));
      const bool wrong = item->kind != Value::Kind::mapping;
      if (wrong) node_->fault_at(place, wrong_kind("a mapping", *item));
      if (!wrong) nodes.push_back(child_of(*node_, item, place, false));
    }
  }
  std::vector<Section> sections;
  for (const auto& node : nodes) sections.emplace_back(node);
  return sections;
}

void Section::not_in_this_version(std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) {
    node_->known.emplace(key);
    if (has(key)) node_->fault(key, "not in this version");
  }
}

void Section::fault(std::string_view key, std::string message) {
  if (node_->incomplete && !has(key)) return;
  node_->fault(key, message);
}

void Section::tolerable_fault(std::string_view key, std::string message) {
  node_->fault_at(node_->place_of(key), message, true);
}

void Section::finish() {
  node_->finish();
}

}  // namespace porchlight::config
