// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "config/yaml_text.hpp"

namespace porchlight::config {
namespace {

constexpr std::size_t deepest = 32;
constexpr std::size_t most_values = 50'000;

// Ends the parse from inside the library's callbacks.
struct Refused {
  Spot spot;
  std::string message;
};

// Builds our tree from the library's events: they carry the place of every key and show every
// duplicate, which its own node tree has already swallowed.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, Faults& faults)
      : file_(std::make_shared<const std::string>(file)), faults_(faults) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) throw Refused{spot(mark), "a second document ('---'): only one is read"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    leaf(mark, anchor, Value::Kind::nothing, {});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    // Quoted text has the tag "!"; a plain ~ or null is nothing.
    const bool nothing = tag != "!" && (text == "~" || text == "null");
    leaf(mark, anchor, nothing ? Value::Kind::nothing : Value::Kind::scalar, text, tag == "!");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) throw Refused{spot(mark), "an alias inside the value it names"};
    place(found->second, spot(mark));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, Value::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, Value::Kind::mapping);
  }
  void OnMapEnd() override { close(); }

  ValuePtr root() const { return root_; }
  // A key that is no single value may be the first sign of a bracket left open, which the library
  // reports later and better; so it is only remembered.
  const std::optional<Refused>& refused_key() const { return refused_key_; }
  Spot spot(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

 private:
  struct Level {
    std::shared_ptr<Value> value;
    YAML::anchor_t anchor;
    std::string path;
    bool has_key = false;
    bool drop = false;  // the value of a refused key
    std::string key;
    Spot key_spot;
  };

  void leaf(const YAML::Mark& mark, YAML::anchor_t anchor, Value::Kind kind, const std::string& text,
            bool quoted = false) {
    auto value = std::make_shared<Value>();
    value->kind = kind;
    value->spot = spot(mark);
    value->scalar = text;
    value->quoted = quoted;
    if (anchor != 0) anchored_[anchor] = value;
    place(value, value->spot);
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Value::Kind kind) {
    if (levels_.size() >= deepest) throw Refused{spot(mark), "nested deeper than 32 levels"};
    if (wants_key() && !refused_key_) refused_key_ = Refused{spot(mark), "a key must be a single value"};
    Level level;
    level.path = path_of_next();
    level.value = std::make_shared<Value>();
    level.value->kind = kind;
    level.value->spot = spot(mark);
    level.anchor = anchor;
    levels_.push_back(std::move(level));
  }

  void close() {
    auto level = std::move(levels_.back());
    levels_.pop_back();
    if (level.anchor != 0) anchored_[level.anchor] = level.value;
    place(level.value, level.value->spot);
  }

  bool wants_key() const {
    return !levels_.empty() && levels_.back().value->kind == Value::Kind::mapping && !levels_.back().has_key;
  }

  std::string path_of_next() const {
    if (levels_.empty()) return {};
    const auto& level = levels_.back();
    return level.value->kind == Value::Kind::list ? indexed(level.path, level.value->items.size())
                                                  : joined(level.path, level.key);
  }

  void place(const ValuePtr& value, const Spot& where) {
    if (levels_.empty()) {
      root_ = value;
      return;
    }
    if (wants_key()) return take_key(value, where);
    auto& level = levels_.back();
    level.value->expanded_size += value->expanded_size;
    if (level.value->expanded_size > most_values) {
      throw Refused{where, "more than 50000 values (aliases written out)"};
    }
    if (level.value->kind == Value::Kind::list) {
      level.value->items.push_back(value);
      return;
    }
    level.has_key = false;
    if (!level.drop) level.value->entries.push_back({level.key, level.key_spot, value});
  }

  void take_key(const ValuePtr& value, const Spot& where) {
    auto& level = levels_.back();
    if (value->kind == Value::Kind::list || value->kind == Value::Kind::mapping) {
      if (!refused_key_) refused_key_ = Refused{where, "a key must be a single value"};
    }
    level.has_key = true;
    level.key = value->scalar;
    level.key_spot = where;
    const Entry* first = level.value->find(level.key);
    level.drop = first != nullptr;
    const auto path = joined(level.path, level.key);
    if (first != nullptr) {
      add(where,
          path + ": duplicate key '" + level.key + "', first at line " + std::to_string(first->spot.line));
    } else if (level.key == "<<") {
      level.drop = true;
      add(where, path + ": merge keys are not supported");
    }
  }

  void add(const Spot& where, std::string message) {
    faults_.add({*where.file, where.line, where.column, std::move(message)});
  }

  const std::shared_ptr<const std::string> file_;
  Faults& faults_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, ValuePtr> anchored_;
  ValuePtr root_;
  std::optional<Refused> refused_key_;
  int documents_ = 0;
};

ValuePtr empty_mapping(const std::string& file) {
  auto value = std::make_shared<Value>();
  value->kind = Value::Kind::mapping;
  value->spot = {std::make_shared<const std::string>(file), 1, 1};
  return value;
}

int lines_of(std::string_view text) {
  const auto breaks = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  return text.ends_with('\n') ? breaks : breaks + 1;
}

Tree broken(const std::string& file, Faults& faults, int line, int column, std::string message) {
  faults.add({file, std::max(line, 1), std::max(column, 1), std::move(message)});
  return {empty_mapping(file), false};
}

}  // namespace

Tree read_yaml(std::string_view text, const std::string& file, Faults& faults) {
  if (auto fault = first_byte_fault(text, file))
    return broken(file, faults, fault->line, fault->column, fault->message);
  TreeBuilder builder(file, faults);
  try {
    // The library takes a quote left open for closed when the text ends with a line break: a comment
    // at the end lets it see the fault.
    std::istringstream stream{std::string(text) + "\n#"};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    return broken(file, faults, refused.spot.line, refused.spot.column, refused.message);
  } catch (const YAML::Exception& fault) {
    // At the end of the text the place is the last line's.
    const bool at_end = fault.mark.line >= lines_of(text);
    return broken(file, faults, at_end ? lines_of(text) : fault.mark.line + 1,
                  at_end ? 1 : fault.mark.column + 1, "syntax: " + fault.msg.substr(0, fault.msg.find(':')));
  }
  if (const auto& refused = builder.refused_key()) {
    return broken(file, faults, refused->spot.line, refused->spot.column, refused->message);
  }
  const auto root = builder.root();
  if (root == nullptr || root->kind == Value::Kind::nothing) return {empty_mapping(file), true};
  if (root->kind != Value::Kind::mapping) {
    return broken(file, faults, root->spot.line, root->spot.column,
                  "expected keys at the top, found " + std::string(to_string(root->kind)));
  }
  return {root, true};
}

}  // namespace porchlight::config
