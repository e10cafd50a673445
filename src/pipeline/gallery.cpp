// SPDX-License-Identifier: Apache-2.0
#include "porchlight/pipeline/gallery.hpp"

#include <utility>

namespace porchlight::pipeline {

vision::Gallery gallery_of(const std::vector<store::Person>& people) {
  std::vector<vision::Person> persons;
  for (const auto& person : people) {
    const bool blacklisted = person.listed_as == store::Listing::blacklisted;
    vision::Person known{
        person.name, blacklisted ? vision::ListedAs::blacklisted : vision::ListedAs::known, {}};
    for (const auto& face : person.faces)
      if (face.model_version == vision::model_version) known.embeddings.push_back(face.vector);
    persons.push_back(std::move(known));
  }
  return vision::Gallery(std::move(persons));
}

}  // namespace porchlight::pipeline
