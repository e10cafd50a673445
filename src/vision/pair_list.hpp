// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::vision {

struct PicturePair {
  std::string a;  // as the list has them
  std::string b;
  bool same = false;
};

// Lines `imageA,imageB,0|1`, empty lines and lines beginning with # skipped. A wrong line is named with
// ErrorCode::invalid_argument.
Result<std::vector<PicturePair>> read_pairs(const std::filesystem::path& csv);

// Whose picture is whose, as far as the list says: pictures that pairs of one person connect are one
// person's; a picture that no such pair names is a person's of its own.
struct People {
  std::map<std::string, std::size_t> person;  // of each picture, numbered as they first appear
  std::vector<std::size_t> photographs;       // of each person
};
People people_of(const std::vector<PicturePair>& pairs);

}  // namespace porchlight::vision
