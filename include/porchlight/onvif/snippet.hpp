// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "porchlight/onvif/device.hpp"

namespace porchlight::onvif {

// The profile with the largest picture that the daemon can read, and a smaller one in H.264 for faces: the
// smallest of at least 640x360, or the smallest at all. Null where there is none.
struct Choice {
  const Profile* main = nullptr;
  const Profile* detect = nullptr;
};
Choice choose(const std::vector<Profile>& profiles);

// The list `cameras:` for these devices, as YAML; empty when none of them has a stream to name. What names
// another host than the device's is written as a comment. `password` is a reference, or empty: then each
// camera gets one of its own by id.
std::string cameras_yaml(const std::vector<Device>& devices, const std::string& user,
                         const std::string& password);

}  // namespace porchlight::onvif
