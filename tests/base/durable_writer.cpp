// SPDX-License-Identifier: Apache-2.0
// durable_writer PATH SIZE: writes SIZE times 'n' durably. Exit 0 when done, 1 when it failed.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "porchlight/base/durable_file.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string text(static_cast<std::size_t>(std::atol(argv[2])), 'n');
  const auto status = porchlight::write_durably(argv[1], std::as_bytes(std::span(text)));
  if (!status) std::fprintf(stderr, "%s\n", status.error().text().c_str());
  return status ? 0 : 1;
}
