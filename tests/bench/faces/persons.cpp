// SPDX-License-Identifier: Apache-2.0
#include "bench/faces/persons.hpp"

#include <algorithm>

namespace porchlight::bench {
namespace {

using std::filesystem::path;

bool is_photo(const path& file) {
  const auto kind = file.extension();
  return kind == ".jpg" || kind == ".png" || kind == ".jpeg";
}

// One folder a person.
void add_folders(const path& root, std::vector<LabelledPhotos>& out) {
  std::error_code error;
  for (const auto& folder : std::filesystem::directory_iterator(root, error)) {
    if (!folder.is_directory()) continue;
    LabelledPhotos one{folder.path().filename().string(), {}};
    for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
      if (is_photo(file.path())) one.photos.push_back(file.path());
    }
    std::sort(one.photos.begin(), one.photos.end());
    out.push_back(std::move(one));
  }
}

void add_named(std::string person, std::vector<path> photos, std::vector<LabelledPhotos>& out) {
  std::erase_if(photos, [](const path& file) { return !std::filesystem::exists(file); });
  out.push_back({std::move(person), std::move(photos)});
}

}  // namespace

std::vector<LabelledPhotos> labelled_photos(const path& data) {
  std::vector<LabelledPhotos> out;
  add_folders(data / "dlib/examples/johns", out);
  add_folders(data / "face-api/examples/images", out);
  const auto recognition = data / "face_recognition";
  const auto people = recognition / "examples/knn_examples";
  add_named("obama",
            {recognition / "tests/test_images/obama.jpg", recognition / "tests/test_images/obama2.jpg",
             recognition / "tests/test_images/obama3.jpg", people / "test/obama1.jpg"},
            out);
  add_named("biden", {people / "train/biden/biden.jpg", people / "train/biden/biden2.jpg"}, out);
  add_named("lacamoire", {people / "train/alex_lacamoire/img1.jpg", people / "test/alex_lacamoire1.jpg"},
            out);
  add_named("leslie", {people / "train/rose_leslie/img1.jpg", people / "train/rose_leslie/img2.jpg"}, out);
  const auto openface = data / "openface/images/examples";
  add_named("clapton", {openface / "clapton-1.jpg", openface / "clapton-2.jpg"}, out);
  add_named("lennon", {openface / "lennon-1.jpg", openface / "lennon-2.jpg"}, out);
  std::erase_if(out, [](const LabelledPhotos& one) { return one.photos.size() < 2; });
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.person < b.person; });
  return out;
}

}  // namespace porchlight::bench
