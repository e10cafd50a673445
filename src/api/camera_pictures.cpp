// SPDX-License-Identifier: Apache-2.0
#include "api/camera_pictures.hpp"

#include <utility>

namespace porchlight::api {

std::vector<CameraPictures::Waiter> CameraPictures::take(const std::string& camera) {
  const std::lock_guard lock(mutex_);
  auto entry = waiting_.extract(camera);
  return entry ? std::move(entry.mapped()) : std::vector<Waiter>{};
}

bool CameraPictures::ask(const LibraryPorts& ports, const std::string& camera, Waiter waiter) {
  {
    const std::lock_guard lock(mutex_);
    auto& waiters = waiting_[camera];
    if (waiters.size() >= waiting_limit) return false;
    waiters.push_back(std::move(waiter));
    if (waiters.size() > 1) return true;
  }
  // Who asks from now on gets a picture of its own: a picture is never older than the question, but for a
  // camera that is being shown.
  const bool taken = ports.slow([this, &ports, camera] {
    const auto waiters = take(camera);
    const auto picture = ports.picture(camera);
    for (const auto& each : waiters) each(picture);
  });
  if (taken) return true;
  // Others may have joined in the meantime: their responders say that they were dropped.
  (void)take(camera);
  return false;
}

}  // namespace porchlight::api
