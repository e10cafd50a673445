// SPDX-License-Identifier: Apache-2.0
// CONFIG: decides the events of standard input, one JSON object a line, as `porchlight notify dry-run -
// --json`.
#include <cstdio>
#include <iostream>

#include "porchlight/config/document.hpp"
#include "porchlight/notify/dry_run.hpp"

namespace {

using namespace porchlight;

int run(const char* file) {
  config::Faults faults;
  const auto document = config::Document::load(file, faults);
  if (!document) return 3;
  auto root = document->root();
  notify::CameraNames cameras;
  for (auto& camera : root.list("cameras")) {
    const auto id = camera.required_id("id");
    cameras[id] = camera.text("name", id);
  }
  notify::DryRun dry_run(notify::read_options(root.section("notifications"), cameras));
  if (!faults.empty()) return 2;
  for (std::string line; std::getline(std::cin, line);) {
    const auto event = event::from_json(line, {});
    const auto outcome = event ? dry_run.tell(*event) : Result<notify::DryRun::Outcome>(event.error());
    if (!outcome) return 2;
    std::cout << dry_run.json_of(*outcome) << '\n';
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return argc == 2 ? run(argv[1]) : 2;
}
