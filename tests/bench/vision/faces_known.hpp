// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "bench/faces/persons.hpp"
#include "porchlight/vision/face_engine.hpp"

namespace porchlight::bench {

using Json = nlohmann::ordered_json;

// Faces whose person is known by number; photographs without a face have no embedding.
struct KnownFaces {
  std::vector<std::size_t> person;
  std::vector<std::optional<vision::Embedding>> embedding;
  std::vector<std::size_t> photographs;  // of each person
};
KnownFaces embed_all(const std::vector<LabelledPhotos>& people, vision::FaceEngine& engine);

// Photographs beside the labelled ones that show none of their people.
std::vector<std::filesystem::path> photographs_of_others(const std::filesystem::path& data);

// EER, TAR at 1 % and 0.1 % FAR with the thresholds of the other half, intervals over persons: of ResNet
// alone, of the second embedder alone and of both.
Json verification(const KnownFaces& faces);

// How many people who are not enrolled are named as somebody at the default threshold: each labelled person
// before a gallery of all others, and everybody of the unlabelled photographs before all of them.
Json strangers(const KnownFaces& faces, const std::filesystem::path& data, vision::FaceEngine& engine);

// Time of one comparison with a gallery of 10,000 embeddings.
Json large_gallery();

}  // namespace porchlight::bench
