// SPDX-License-Identifier: Apache-2.0
// Footage as the interface shows it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::api {

nlohmann::ordered_json segment_json(const store::Segment& segment);

// By the name of the file: video/mp4, or video/quicktime.
const char* content_type_of(std::string_view file);

struct Interval {
  WallTime from{};
  WallTime to{};
};

// What is in the interval, and what is missing: pieces of footage without a seam between them are one.
// Segments oldest first.
nlohmann::ordered_json ledger_json(const std::string& camera, const Interval& asked, WallTime now,
                                   const std::vector<store::Segment>& segments,
                                   const std::vector<store::Gap>& gaps);

// Why nothing is there, for people: the causes of the gaps; without any, that nothing was to be recorded.
std::string why_missing(const std::string& camera, const std::vector<store::Gap>& gaps);

}  // namespace porchlight::api
