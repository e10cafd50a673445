// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace porchlight::bench {

struct LabelledPhotos {
  std::string person;
  std::vector<std::filesystem::path> photos;  // at least two
};

// People with two or more photographs in the folder of shared test data; empty without it.
std::vector<LabelledPhotos> labelled_photos(const std::filesystem::path& data);

}  // namespace porchlight::bench
