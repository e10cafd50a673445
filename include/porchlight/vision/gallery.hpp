// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/event/event.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::vision {

enum class ListedAs : std::uint8_t { known, blacklisted };

struct Person {
  std::string name;
  ListedAs listed_as = ListedAs::known;
  std::vector<Embedding> embeddings;  // of model_version, and of mobile_version where there is one
};

struct Match {
  std::string person;
  ListedAs listed_as = ListedAs::known;
  float distance = 0;
};

// Who is enrolled: an immutable snapshot of the database's gallery, replaced as a whole when that
// changes. Any thread.
class Gallery {
 public:
  Gallery() = default;
  explicit Gallery(std::vector<Person> persons) : persons_(std::move(persons)) {}

  // The person with the nearest embedding, however far it is; nothing in an empty gallery.
  std::optional<Match> nearest(const Embedding& face) const;
  std::size_t size() const noexcept { return persons_.size(); }
  const std::vector<Person>& persons() const noexcept { return persons_; }
  // People with photographs of whom none has the second embedding: enrolled before it was switched on. They
  // are compared by the first alone.
  std::size_t without_second() const noexcept;

 private:
  std::vector<Person> persons_;
};
using GalleryPtr = std::shared_ptr<const Gallery>;

// What a nearest match means at a threshold.
struct Identity {
  event::Verdict verdict = event::Verdict::unknown_person;
  std::string person;  // empty when unknown
  double confidence = 0;
  double distance = 2;  // to the nearest person; 2 in an empty gallery, and before any comparison
};
Identity identify(const Gallery& gallery, const Embedding& face, float threshold);

// Score of a match: ½ at the threshold, 0.9 at 0.15 below, 0.1 at 0.15 above (logistic).
double confidence_of(double distance, double threshold) noexcept;

}  // namespace porchlight::vision
