// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "porchlight/store/gallery_store.hpp"
#include "porchlight/vision/gallery.hpp"

namespace porchlight::pipeline {

// The stored people as the recogniser compares them: faces of other model versions are left out.
vision::Gallery gallery_of(const std::vector<store::Person>& people);

// What is stored of an enrolled photograph.
store::EnrolledFace face_of(const vision::Embedding& embedding, std::string photo_sha256, WallTime created);

}  // namespace porchlight::pipeline
