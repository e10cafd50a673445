// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "porchlight/api/library.hpp"

namespace porchlight::api {

// Whoever asks for a camera's picture while one is about to be made gets that one. Any thread.
class CameraPictures {
 public:
  static constexpr std::size_t waiting_limit = 64;  // for one camera
  using Waiter = std::function<void(const Result<CameraPicture>&)>;

  // False: too many wait, or the library is busy; then the waiter is not called.
  bool ask(const LibraryPorts& ports, const std::string& camera, Waiter waiter);

 private:
  std::vector<Waiter> take(const std::string& camera);

  std::mutex mutex_;
  std::map<std::string, std::vector<Waiter>> waiting_;  // by camera; there is a job for each
};

}  // namespace porchlight::api
