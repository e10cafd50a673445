// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "porchlight/api/people.hpp"
#include "porchlight/pipeline/pipeline.hpp"

namespace porchlight::app {

// Who is known, with the pipeline's eyes. Both outlive it.
std::unique_ptr<api::People> make_people(pipeline::Pipeline& pipeline, api::Library& library);

}  // namespace porchlight::app
