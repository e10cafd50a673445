// SPDX-License-Identifier: Apache-2.0
#include "porchlight/pipeline/gallery.hpp"

#include <utility>

namespace porchlight::pipeline {
namespace {

vision::Embedding embedding_of(const store::EnrolledFace& face) {
  vision::Embedding embedding{face.vector, {}};
  if (face.second_version == vision::mobile_version && face.second.size() == vision::mobile_length)
    embedding.mobile = face.second;
  return embedding;
}

}  // namespace

store::EnrolledFace face_of(const vision::Embedding& embedding, std::string photo_sha256, WallTime created) {
  return {embedding.resnet,
          std::string(vision::model_version),
          std::move(photo_sha256),
          created,
          0,
          embedding.mobile,
          std::string(embedding.mobile.empty() ? std::string_view() : vision::mobile_version)};
}

vision::Gallery gallery_of(const std::vector<store::Person>& people) {
  std::vector<vision::Person> persons;
  for (const auto& person : people) {
    const bool blacklisted = person.listed_as == store::Listing::blacklisted;
    vision::Person known{
        person.name, blacklisted ? vision::ListedAs::blacklisted : vision::ListedAs::known, {}};
    for (const auto& face : person.faces)
      if (face.model_version == vision::model_version) known.embeddings.push_back(embedding_of(face));
    persons.push_back(std::move(known));
  }
  return vision::Gallery(std::move(persons));
}

}  // namespace porchlight::pipeline
