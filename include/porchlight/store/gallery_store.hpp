// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
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

// What a person may be called: 1…100 bytes of printable UTF-8 without a blank at either end.
bool is_person_name(std::string_view name) noexcept;

// One enrolled photograph of a person.
struct EnrolledFace {
  Embedding vector{};
  std::string model_version;  // vectors of different models are never compared
  std::string photo_sha256;   // hex, of the photograph's file
  WallTime created{};
  std::int64_t id = 0;  // given by the database
  // Of a second network, where one looked at the photograph; at most longest_second numbers.
  std::vector<float> second{};
  std::string second_version{};
};
inline constexpr std::size_t longest_second = 4096;

struct Person {
  std::string name;
  Listing listed_as = Listing::known;
  std::vector<EnrolledFace> faces;
  std::int64_t id = 0;  // given by the database; stays when the name changes
};

// Who is known, by face. Thread-bound as its Database; commands and the daemon each have their own
// connection, and revision() tells one what the other changed.
class GalleryStore {
 public:
  explicit GalleryStore(Database& database) : database_(database) {}

  // Adds a face to the person, who is made when new (as `known`). The same photograph under the same
  // model replaces its earlier face; a second embedding it had stays until a newer one comes. Names: see
  // is_person_name().
  Status enrol(std::string_view name, const EnrolledFace& face);
  // All of them or none.
  Status enrol_all(std::string_view name, std::span<const EnrolledFace> faces);
  // Everyone with all faces, by name. Of several second embeddings of a face the last version by name.
  Result<std::vector<Person>> people();
  Result<std::uint64_t> person_count();
  // With all faces; nothing when there is no such person.
  Result<std::optional<Person>> find(std::int64_t id);
  Result<std::optional<Person>> find(std::string_view name);

  // Deletes the person and every face, takes the name out of the events and messages that say it,
  // overwrites what they occupied and empties the write-ahead log. A name that nobody has is taken out of
  // events and messages, too, before ErrorCode::not_found says so. When another connection holds the log at
  // that moment the Error is ErrorCode::unavailable: the person is gone from every answer, and repeating the
  // call ends the erasure.
  Status forget(std::string_view name);
  // The name out of events and messages only: for what was written while forget() ran.
  Status erase_from_events(std::string_view name);
  // One face of a person, who stays, even without any. As forget().
  Status forget_face(std::int64_t id);
  // Ends the erasure of what forget() could not erase at once.
  Status end_erasure();
  Status list_as(std::string_view name, Listing listing);
  Status rename(std::string_view from, std::string_view to);

  // Grows with every change by any process; a cheap read for "is my copy still true?".
  Result<std::uint64_t> revision();

 private:
  Database& database_;
};

}  // namespace porchlight::store
