// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "app/settings.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::app {

// Where the footage of these settings lies: the files, their index, the key that signs exports.
struct FootageFolder {
  explicit FootageFolder(const Settings& settings);
  std::filesystem::path recordings;
  std::filesystem::path index;
  std::filesystem::path key;
};

enum class IndexUse : std::uint8_t {
  look,    // as it is now; nothing is made beside it, whoever asks
  follow,  // reads, and sees what the daemon commits meanwhile
  write,
};
// The index for a command, beside the running daemon; never makes one. Errors: unavailable (there is none), …
Result<std::unique_ptr<store::Database>> open_footage_index(const FootageFolder& folder, IndexUse use);

}  // namespace porchlight::app
