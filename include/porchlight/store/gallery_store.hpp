// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::store {

class Database;

inline constexpr std::size_t embedding_length = 128;
using Embedding = std::array<float, embedding_length>;

enum class Listing : std::uint8_t { known, blacklisted };
std::string_view to_string(Listing listing) noexcept;

// One enrolled photograph of a person.
struct EnrolledFace {
  Embedding vector{};
  std::string model_version;  // vectors of different models are never compared
  std::string photo_sha256;   // hex, of the photograph's file
  WallTime created{};
};

struct Person {
  std::string name;
  Listing listed_as = Listing::known;
  std::vector<EnrolledFace> faces;
};

// Who is known, by face. Thread-bound as its Database; commands and the daemon each have their own
// connection, and revision() tells one what the other changed.
class GalleryStore {
 public:
  explicit GalleryStore(Database& database) : database_(database) {}

  // Adds a face to the person, who is made when new (as `known`). The same photograph under the same
  // model replaces its earlier face. Names: 1…100 bytes of printable text, no leading or trailing blank.
  Status enrol(std::string_view name, const EnrolledFace& face);
  // Everyone with all faces, by name.
  Result<std::vector<Person>> people();
  Result<std::uint64_t> person_count();

  // Deletes the person and every face, overwrites what they occupied and empties the write-ahead
  // log. When another connection holds the log at that moment the Error is ErrorCode::unavailable:
  // the person is gone from every answer, and repeating the call ends the erasure.
  Status forget(std::string_view name);
  Status list_as(std::string_view name, Listing listing);
  Status rename(std::string_view from, std::string_view to);

  // Grows with every change by any process; a cheap read for "is my copy still true?".
  Result<std::uint64_t> revision();

 private:
  Database& database_;
};

}  // namespace porchlight::store
