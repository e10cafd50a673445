// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "porchlight/store/gallery_store.hpp"
#include "porchlight/vision/gallery.hpp"

namespace porchlight::pipeline {

// The stored people as the recogniser compares them: faces of other model versions are left out.
vision::Gallery gallery_of(const std::vector<store::Person>& people);

}  // namespace porchlight::pipeline
