// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace porchlight::api {

// The interface as OpenAPI 3.1, one JSON object in UTF-8. Its sources are src/api/openapi/*.json.
extern const std::string_view openapi_document;

}  // namespace porchlight::api
