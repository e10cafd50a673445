// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::onvif {

inline constexpr std::size_t largest_answer = 512 << 10;  // bytes
inline constexpr std::size_t longest_text = 256;          // bytes of a name or the like
inline constexpr std::size_t longest_uri = 1024;

// A stranger's XML. Refused: a DOCTYPE (so no entities of its own), more than largest_answer bytes, more than
// 32 levels, 20,000 nodes or 64 attributes of an element, and what is not well formed. Error: corrupt.
Result<pugi::xml_document> parse_xml(std::string_view text);

// Elements are known by namespace and local name; the prefix is the writer's choice.
bool is_element(pugi::xml_node node, std::string_view space, std::string_view local);
pugi::xml_node child(pugi::xml_node parent, std::string_view space, std::string_view local);
std::vector<pugi::xml_node> children(pugi::xml_node parent, std::string_view space, std::string_view local,
                                     std::size_t most);

// The element's text on one line, without blanks around it, cut to `most` bytes; empty for no element.
std::string text_of(pugi::xml_node element, std::size_t most = longest_text);
// A number from 0 to 1,000,000, or 0 when it is none.
double number_of(pugi::xml_node element);

// For a text or an attribute of ours.
std::string xml_escaped(std::string_view text);

}  // namespace porchlight::onvif
