// SPDX-License-Identifier: Apache-2.0
#include "onvif/xml.hpp"

#include <charconv>
#include <cstring>

#include "porchlight/base/one_line.hpp"

namespace porchlight::onvif {
namespace {

constexpr int deepest = 32;
constexpr std::size_t most_nodes = 20'000;
constexpr std::size_t most_attributes = 64;

// Stops the walk at the first bound that is broken.
struct Bounds : pugi::xml_tree_walker {
  std::size_t nodes = 0;
  const char* broken = nullptr;

  bool for_each(pugi::xml_node& node) override {
    std::size_t attributes = 0;
    for (auto one = node.first_attribute(); one; one = one.next_attribute()) ++attributes;
    if (node.type() == pugi::node_doctype) broken = "it has a DOCTYPE";
    if (depth() > deepest) broken = "it is nested too deeply";
    if (++nodes > most_nodes) broken = "it has too many parts";
    if (attributes > most_attributes) broken = "an element has too many attributes";
    return broken == nullptr;
  }
};

std::string_view prefix_of(std::string_view name) {
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view{} : name.substr(0, colon);
}

std::string_view local_of(std::string_view name) {
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

bool declares(std::string_view attribute, std::string_view prefix) {
  if (prefix.empty()) return attribute == "xmlns";
  return attribute.starts_with("xmlns:") && attribute.substr(6) == prefix;
}

std::string_view namespace_of(pugi::xml_node node) {
  const auto prefix = prefix_of(node.name());
  for (; node.type() == pugi::node_element; node = node.parent())
    for (auto one = node.first_attribute(); one; one = one.next_attribute())
      if (declares(one.name(), prefix)) return one.value();
  return {};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

Result<pugi::xml_document> parse_xml(std::string_view text) {
  if (text.size() > largest_answer) return Error(ErrorCode::corrupt, "the XML is too large");
  pugi::xml_document document;
  // A DOCTYPE is parsed only to be seen: pugixml expands nothing that one declares.
  const auto outcome =
      document.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_doctype);
  if (!outcome)
    return Error(ErrorCode::corrupt, "not XML: byte " + std::to_string(outcome.offset) + ": " +
                                         std::string(outcome.description()));
  Bounds bounds;
  document.traverse(bounds);
  if (bounds.broken != nullptr)
    return Error(ErrorCode::corrupt, std::string("the XML is refused: ") + bounds.broken);
  return {std::move(document)};
}

bool is_element(pugi::xml_node node, std::string_view space, std::string_view local) {
  return node.type() == pugi::node_element && local_of(node.name()) == local && namespace_of(node) == space;
}

pugi::xml_node child(pugi::xml_node parent, std::string_view space, std::string_view local) {
  for (auto one = parent.first_child(); one; one = one.next_sibling())
    if (is_element(one, space, local)) return one;
  return {};
}

std::vector<pugi::xml_node> children(pugi::xml_node parent, std::string_view space, std::string_view local,
                                     std::size_t most) {
  std::vector<pugi::xml_node> list;
  for (auto one = parent.first_child(); one && list.size() < most; one = one.next_sibling())
    if (is_element(one, space, local)) list.push_back(one);
  return list;
}

std::string text_of(pugi::xml_node element, std::size_t most) {
  return one_line(trimmed(element.child_value()), most);
}

double number_of(pugi::xml_node element) {
  const std::string_view text = trimmed(element.child_value());
  double number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc{} && read.ptr == end && number >= 0 && number <= 1'000'000 ? number : 0;
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  return out;
}

}  // namespace porchlight::onvif
