// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/unknown_camera.hpp"

#include <algorithm>

#include "porchlight/config/document.hpp"

namespace porchlight::api {

std::optional<std::string> unknown_camera(const std::vector<std::string>& wanted,
                                          const std::vector<std::string>& known) {
  const auto found = std::find_if(wanted.begin(), wanted.end(), [&](const std::string& id) {
    return std::find(known.begin(), known.end(), id) == known.end();
  });
  if (found == wanted.end()) return std::nullopt;
  auto text = "there is no camera '" + *found + "'";
  if (const auto near = config::suggestion(*found, known)) return text + " (did you mean '" + *near + "'?)";
  if (known.empty()) return text + "; the configuration has none";
  text += "; there are:";
  for (const auto& id : known) text += " " + id;
  return text;
}

}  // namespace porchlight::api
