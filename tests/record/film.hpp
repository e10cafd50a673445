// SPDX-License-Identifier: Apache-2.0
// What a player gets out of a film.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace porchlight::record::test {

struct FilmPicture {
  std::int64_t at = 0;       // µs
  std::uint64_t number = 0;  // burnt in
  int width = 0;
};
struct FilmSound {
  std::int64_t at = 0;  // µs
  std::int64_t lasts = 0;
  std::string bytes;
};
struct Film {
  std::string format;  // its brand
  std::string tag;     // of its video
  std::vector<FilmPicture> pictures;
  std::vector<FilmSound> sound;
  std::uint64_t coded = 0;  // pictures that went into the decoder
  bool times_grow = true;   // decoding times, of each track
  bool index_in_front = false;
};
// Everything is decoded. Fails the test when the film cannot be read.
Film watch(const std::filesystem::path& file);

// The number in the picture that a player shows after it jumped to an instant (µs), and when that one is.
FilmPicture jump_to(const std::filesystem::path& file, std::int64_t at);

}  // namespace porchlight::record::test
