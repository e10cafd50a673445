// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/options.hpp"

#include "http/listen.hpp"

namespace porchlight::http {

ListenOptions read_listen_options(config::Section root) {
  ListenOptions options;
  auto server = root.section("server");
  options.listen = server.text("listen", options.listen);
  if (const auto address = parse_listen_address(options.listen); !address) {
    server.fault("listen", address.error().text());
  }
  server.not_in_this_version({"tls", "public_url", "trusted_proxies"});
  root.section("metrics").not_in_this_version({"listen"});
  return options;
}

}  // namespace porchlight::http
