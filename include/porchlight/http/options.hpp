// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "porchlight/config/document.hpp"

namespace porchlight::http {

struct ListenOptions {
  std::string listen = "127.0.0.1:8000";
};

// Reads `server:` and `metrics:` of the configuration's root; faults land in the document's list.
ListenOptions read_listen_options(config::Section root);

}  // namespace porchlight::http
