// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "porchlight/config/document.hpp"
#include "porchlight/http/tls.hpp"

namespace porchlight::http {

// Until there are accounts nobody but the machine itself may reach the listener. This line is all
// that changes with them: the default address, and what addresses are taken.
inline constexpr bool accounts_exist = false;
inline constexpr const char* default_listen = accounts_exist ? "0.0.0.0:8000" : "127.0.0.1:8000";

struct ListenOptions {
  std::string listen = default_listen;
  std::string metrics_listen{};  // empty: none
  TlsOptions tls{};              // without its folder
  std::string public_url{};
  std::vector<std::string> trusted_proxies{};
};

// Reads `server:` and `metrics:` of the configuration's root; faults land in the document's list. Own
// certificate files are read and judged.
ListenOptions read_listen_options(config::Section root);

}  // namespace porchlight::http
