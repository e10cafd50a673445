// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "notify/characters.hpp"
#include "porchlight/store/snapshot_folder.hpp"

namespace porchlight::notify {

// What a clip is called on its way. One with sound in G.711 is QuickTime, which MP4 cannot hold.
struct ClipFile {
  const char* name = "clip.mp4";
  const char* type = "video/mp4";
};
inline ClipFile clip_file_of(const store::JpegBytes& clip) {
  const std::string_view bytes = characters_of(*clip);
  const bool quicktime = bytes.size() >= 12 && bytes.substr(4, 8) == "ftypqt  ";
  return quicktime ? ClipFile{"clip.mov", "video/quicktime"} : ClipFile{};
}

}  // namespace porchlight::notify
