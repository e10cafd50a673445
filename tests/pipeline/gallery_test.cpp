// SPDX-License-Identifier: Apache-2.0
#include "porchlight/pipeline/gallery.hpp"

#include <gtest/gtest.h>

namespace porchlight::pipeline {
namespace {

vision::Embedding both() {
  vision::Embedding embedding;
  embedding.resnet[7] = 0.5F;
  embedding.mobile.assign(vision::mobile_length, 0.25F);
  return embedding;
}

store::Person person_with(store::EnrolledFace face) {
  return {"Anna", store::Listing::blacklisted, {std::move(face)}, 1};
}

TEST(StoredGallery, BothEmbeddingsComeBack) {
  const auto gallery = gallery_of({person_with(face_of(both(), "aa", WallTime{}))});
  const auto& anna = gallery.persons().at(0);
  EXPECT_EQ(anna.listed_as, vision::ListedAs::blacklisted);
  EXPECT_EQ(anna.embeddings.at(0).resnet, both().resnet);
  EXPECT_EQ(anna.embeddings.at(0).mobile, both().mobile);
  EXPECT_EQ(gallery.without_second(), 0U);
}

TEST(StoredGallery, WithoutTheSecondThereIsNoVersionOfIt) {
  auto first = both();
  first.mobile.clear();
  const auto face = face_of(first, "aa", WallTime{});
  EXPECT_EQ(face.model_version, "resnet-1");
  EXPECT_EQ(face.second_version, "");
  EXPECT_EQ(gallery_of({person_with(face)}).without_second(), 1U);
}

// Numbers of another network, or of another length than this one's, are never compared.
TEST(StoredGallery, ForeignVersionsAreLeftOutAndThePersonStays) {
  auto second = face_of(both(), "aa", WallTime{});
  second.second_version = "mobile-0";
  EXPECT_TRUE(gallery_of({person_with(second)}).persons()[0].embeddings.at(0).mobile.empty());
  second.second_version = vision::mobile_version;
  second.second.pop_back();
  EXPECT_TRUE(gallery_of({person_with(second)}).persons()[0].embeddings.at(0).mobile.empty());
  auto first = face_of(both(), "aa", WallTime{});
  first.model_version = "resnet-0";
  const auto gallery = gallery_of({person_with(first)});
  EXPECT_EQ(gallery.size(), 1U);
  EXPECT_TRUE(gallery.persons()[0].embeddings.empty());
}

}  // namespace
}  // namespace porchlight::pipeline
