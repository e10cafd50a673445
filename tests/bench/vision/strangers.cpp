// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <random>

#include "bench/vision/faces_known.hpp"
#include "porchlight/vision/gallery.hpp"
#include "vision/rates.hpp"

namespace porchlight::bench {
namespace {

using vision::Embedding;

// Faces as near as one person's count as one person: rather too few people than too many.
using Person = std::vector<Embedding>;
std::vector<Person> grouped(const std::vector<Embedding>& faces) {
  std::vector<Person> people;
  for (const auto& face : faces) {
    Person group{face};
    std::erase_if(people, [&](Person& person) {
      const bool same = std::ranges::any_of(
          person, [&](const Embedding& other) { return vision::distance(face, other) <= 0.55F; });
      if (same) group.insert(group.end(), person.begin(), person.end());
      return same;
    });
    people.push_back(std::move(group));
  }
  return people;
}

vision::Gallery gallery_without(const KnownFaces& faces, std::size_t left_out) {
  std::vector<vision::Person> persons(faces.photographs.size());
  for (std::size_t i = 0; i < persons.size(); ++i) persons[i].name = std::to_string(i);
  for (std::size_t i = 0; i < faces.person.size(); ++i)
    if (faces.embedding[i] && faces.person[i] != left_out)
      persons[faces.person[i]].embeddings.push_back(*faces.embedding[i]);
  return vision::Gallery(std::move(persons));
}

bool is_named(const vision::Gallery& gallery, const Person& person, bool both) {
  return std::ranges::any_of(person, [&](Embedding face) {
    if (!both) face.mobile.clear();
    return !vision::identify(gallery, face, vision::default_threshold).person.empty();
  });
}

Json counted(std::size_t named, std::size_t people) {
  return {{"people", people}, {"named", named}, {"at_most_95", vision::upper_bound_95(named, people)}};
}

}  // namespace

std::vector<std::filesystem::path> photographs_of_others(const std::filesystem::path& data) {
  std::vector<std::filesystem::path> photos;
  for (const auto* folder : {"dlib/examples/faces", "fnpytorch/data/test_images_aligned"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data / folder, error))
      if (const auto kind = entry.path().extension();
          (kind == ".jpg" || kind == ".png") && entry.path().filename() != "dogs.jpg")
        photos.push_back(entry.path());
  }
  for (const auto* name : {"adams.jpg", "carell.jpg"})
    photos.push_back(data / "openface/images/examples" / name);
  for (int i = 1; i <= 6; ++i)
    photos.push_back(std::string(PORCHLIGHT_SOURCE_DIR) + "/node_modules/@vladmandic/face-api/demo/sample" +
                     std::to_string(i) + ".jpg");
  std::sort(photos.begin(), photos.end());
  return photos;
}

Json strangers(const KnownFaces& faces, const std::filesystem::path& data, vision::FaceEngine& engine) {
  std::vector<Embedding> strange;
  std::size_t refused = 0;
  for (const auto& photo : photographs_of_others(data)) {
    const auto shots = engine.shots_of_photo(photo);
    if (!shots) continue;
    for (const auto& shot : *shots) {
      if (shot.refused)
        ++refused;
      else
        strange.push_back(shot.embedding);
    }
  }
  const auto people = grouped(strange);
  const auto everybody = gallery_without(faces, faces.photographs.size());
  Json json;
  for (const bool both : {false, true}) {
    std::size_t named = 0;
    for (const auto& person : people) named += is_named(everybody, person, both) ? 1 : 0;
    for (std::size_t i = 0; i < faces.photographs.size(); ++i) {
      Person person;
      for (std::size_t k = 0; k < faces.person.size(); ++k)
        if (faces.person[k] == i && faces.embedding[k]) person.push_back(*faces.embedding[k]);
      named += is_named(gallery_without(faces, i), person, both) ? 1 : 0;
    }
    json[both ? "fused" : "resnet"] = counted(named, people.size() + faces.photographs.size());
  }
  json["faces_of_unlabelled_photographs"] = strange.size();
  json["refused_faces"] = refused;
  return json;
}

Json large_gallery() {
  std::mt19937 random(5);
  std::normal_distribution<float> number(0, 1);
  const auto face = [&](bool both) {
    Embedding embedding;
    for (auto& value : embedding.resnet) value = number(random) / 12;
    if (both) embedding.mobile.resize(vision::mobile_length);
    for (auto& value : embedding.mobile) value = number(random) / 22;
    return embedding;
  };
  Json json;
  for (const bool both : {false, true}) {
    std::vector<vision::Person> persons(2000);
    for (auto& person : persons)
      for (int i = 0; i < 5; ++i) person.embeddings.push_back(face(both));
    const vision::Gallery gallery(std::move(persons));
    std::vector<double> times;
    for (int i = 0; i < 300; ++i) {
      const auto who = face(both);
      const auto begun = std::chrono::steady_clock::now();
      const auto identity = vision::identify(gallery, who, 0.5F);
      times.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
      if (identity.distance < 0.01) return "a random face was found";
    }
    std::sort(times.begin(), times.end());
    json[both ? "fused" : "resnet"] = {{"p50_ms", times[150]}, {"p99_ms", times[296]}};
  }
  return json;
}

}  // namespace porchlight::bench
