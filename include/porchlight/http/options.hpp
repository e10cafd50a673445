// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "porchlight/config/document.hpp"
#include "porchlight/http/tls.hpp"

namespace porchlight::http {

inline constexpr const char* default_listen = "0.0.0.0:8000";

struct ListenOptions {
  std::string listen = default_listen;
  std::string metrics_listen{};  // empty: none
  TlsOptions tls{};              // without its folder
  std::string public_url{};
  std::vector<std::string> trusted_proxies{};
};

// Reads `server:` and `metrics:` of the configuration's root; faults land in the document's list. Own
// certificate files are read and judged; what is wrong with them is a tolerable fault, see Credentials.
ListenOptions read_listen_options(config::Section root);

}  // namespace porchlight::http
