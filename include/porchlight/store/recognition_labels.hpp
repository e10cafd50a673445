// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/event/id.hpp"

namespace porchlight::store {

class Database;

// What somebody says about a sighting: it is this person, it is not the one that it names, or it is nobody
// who is enrolled.
enum class IdentitySaid : std::uint8_t { person, not_person, stranger };

struct IdentityClaim {
  event::EventId event;  // a sighting, or the ring that one answers
  IdentitySaid said = IdentitySaid::person;
  std::string person{};  // whom, with IdentitySaid::person
  WallTime at{};         // when it is said
};

// What a claim makes of the sighting. Positive: it names somebody.
enum class LabelOutcome : std::uint8_t { true_positive, false_positive, false_negative, true_negative };
std::string_view to_string(LabelOutcome outcome) noexcept;

struct RecognitionLabel {
  event::EventId event;  // the sighting
  LabelOutcome outcome = LabelOutcome::true_positive;
  IdentitySaid said = IdentitySaid::person;
  std::string person{};  // as that person is called now; empty also when the person was forgotten
  WallTime at{};
};

// How many labels of a window came to which outcome.
struct LabelTally {
  std::uint64_t true_positive = 0;
  std::uint64_t false_positive = 0;
  std::uint64_t false_negative = 0;
  std::uint64_t true_negative = 0;
  std::uint64_t right() const noexcept { return true_positive + true_negative; }
  std::uint64_t all() const noexcept { return right() + false_positive + false_negative; }
};

// What people said about who was seen: how well recognition does is counted from this alone. No name is
// stored, only a person's number, which is gone with the person; the label goes with its event. Thread-bound
// as its Database.
class RecognitionLabels {
 public:
  explicit RecognitionLabels(Database& database) : database_(database) {}

  // Compares the claim with the sighting and keeps the outcome; the last claim about a sighting counts. The
  // event itself does not change: who listens is not told of it again. One transaction. By the Error's code:
  //   not_found         there is no such event
  //   unsupported       nothing to compare: no sighting, nobody was compared, or whom it named is
  //                     forgotten or called otherwise by now
  //   invalid_argument  nobody of that name is enrolled
  Result<RecognitionLabel> put(const IdentityClaim& claim);

  Result<std::optional<RecognitionLabel>> of(const event::EventId& sighting);
  // Those of the sightings from one id to the other, both included; by the sighting's id.
  Result<std::map<event::EventId, RecognitionLabel>> between(const event::EventId& first,
                                                             const event::EventId& last);
  // Of the newest `most` labelled sightings of that model: newest by when they were seen, not by when
  // something was said about them.
  Result<LabelTally> window(std::string_view model_version, std::size_t most);

 private:
  Database& database_;
};

}  // namespace porchlight::store
