// SPDX-License-Identifier: Apache-2.0
#include "telemetry/exposition_reader.hpp"

#include <cstdlib>
#include <optional>
#include <set>

namespace porchlight::contract {
namespace {

bool name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

std::string take_name(std::string_view& line) {
  std::size_t end = 0;
  while (end < line.size() && name_char(line[end])) ++end;
  const std::string name(line.substr(0, end));
  line.remove_prefix(end);
  return name;
}

bool take(std::string_view& line, std::string_view what) {
  if (!line.starts_with(what)) return false;
  line.remove_prefix(what.size());
  return true;
}

std::optional<std::string> take_quoted(std::string_view& line) {
  if (!take(line, "\"")) return std::nullopt;
  std::string value;
  while (!line.empty() && line.front() != '"') {
    char c = line.front();
    line.remove_prefix(1);
    if (c == '\\') {
      if (line.empty()) return std::nullopt;
      c = line.front();
      line.remove_prefix(1);
      if (c != '\\' && c != '"' && c != 'n') return std::nullopt;
      if (c == 'n') c = '\n';
    }
    value += c;
  }
  if (!take(line, "\"")) return std::nullopt;
  return value;
}

std::optional<Labels> take_labels(std::string_view& line) {
  Labels labels;
  if (!take(line, "{")) return labels;
  do {
    const auto name = take_name(line);
    if (name.empty() || !take(line, "=")) return std::nullopt;
    auto value = take_quoted(line);
    if (!value || !labels.emplace(name, *value).second) return std::nullopt;
  } while (take(line, ","));
  if (!take(line, "}")) return std::nullopt;
  return labels;
}

std::optional<Sample> sample_of(std::string_view line) {
  Sample sample;
  sample.name = take_name(line);
  auto labels = take_labels(line);
  if (sample.name.empty() || !labels || !take(line, " ") || line.empty()) return std::nullopt;
  sample.labels = std::move(*labels);
  const std::string number(line);
  char* end = nullptr;
  sample.value = std::strtod(number.c_str(), &end);
  if (*end != '\0') return std::nullopt;
  return sample;
}

class Reader {
 public:
  explicit Reader(std::vector<std::string>& faults) : faults_(faults) {}

  void line(std::string_view text) {
    auto rest = text;
    if (take(rest, "# HELP ")) return help(rest);
    if (take(rest, "# TYPE ")) return type(rest);
    const auto sample = sample_of(text);
    if (!sample) return fault("cannot read: " + std::string(text));
    add(*sample);
  }

  std::map<std::string, Family> families;

 private:
  void fault(std::string text) { faults_.push_back(std::move(text)); }

  void help(std::string_view rest) {
    const auto name = take_name(rest);
    if (families.count(name) != 0) fault(name + ": named twice");
    current_ = &families[name];
    *current_ = {name, "", std::string(rest.empty() ? rest : rest.substr(1)), {}};
  }

  void type(std::string_view rest) {
    const auto name = take_name(rest);
    if (current_ == nullptr || current_->name != name) return fault(name + ": TYPE without HELP before it");
    current_->type = rest.empty() ? rest : rest.substr(1);
  }

  void add(const Sample& sample) {
    if (current_ == nullptr || current_->type.empty() || !belongs(sample.name)) {
      return fault(sample.name + ": sample outside its family");
    }
    if (!seen_.emplace(sample.name, sample.labels).second)
      fault(sample.name + shown(sample.labels) + ": twice");
    current_->samples.push_back(sample);
  }

  bool belongs(const std::string& name) const {
    if (current_->type != "histogram") return name == current_->name;
    return name == current_->name + "_bucket" || name == current_->name + "_sum" ||
           name == current_->name + "_count";
  }

  std::vector<std::string>& faults_;
  Family* current_ = nullptr;
  std::set<std::pair<std::string, Labels>> seen_;
};

}  // namespace

std::map<std::string, Family> read_exposition(std::string_view text, std::vector<std::string>& faults) {
  Reader reader(faults);
  if (!text.ends_with('\n')) faults.emplace_back("the last line has no line break");
  while (!text.empty()) {
    const auto end = text.find('\n');
    reader.line(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return std::move(reader.families);
}

std::string shown(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) text += (text.empty() ? "" : ",") + name + "=\"" + value + '"';
  return '{' + text + '}';
}

}  // namespace porchlight::contract
