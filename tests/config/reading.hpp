// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "porchlight/config/document.hpp"

namespace porchlight::config {

// Reads a small configuration of every kind of key the way a room's options.cpp does, and returns
// the faults as the user sees them.
inline void read_sample(Section root) {
  auto server = root.section("server");
  server.text("listen", "127.0.0.1:8000");
  server.integer("port", 8000, 1, 65535);
  server.boolean("enabled", true);
  server.finish();
  for (auto& camera : root.list("cameras")) {
    camera.required_id("id");
    camera.required_text("url");
    camera.duration("stall", std::chrono::seconds(10), std::chrono::seconds(1), std::chrono::minutes(10));
    camera.choice("record", "off", {"continuous", "events", "off"});
    camera.number("threshold", 0.5, 0, 1);
    camera.text_list("zones");
    camera.not_in_this_version({"masks"});
  }
  root.not_in_this_version({"recording"});
  root.finish();
}

inline std::vector<std::string> texts(Faults& faults) {
  faults.sort();
  std::vector<std::string> out;
  for (const auto& fault : faults.all()) out.push_back(fault.text());
  return out;
}

inline std::vector<std::string> faults_of(std::string_view yaml) {
  Faults faults;
  const auto document = Document::parse(yaml, "porchlight.yaml", faults);
  read_sample(document.root());
  return texts(faults);
}

}  // namespace porchlight::config
