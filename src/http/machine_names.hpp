// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace porchlight::http {

std::string host_name();

// What this machine is called in its own house: host name, `<host>.local`, localhost, and the
// addresses of its interfaces that are up, link-local ones left out.
std::vector<std::string> machine_names();

}  // namespace porchlight::http
