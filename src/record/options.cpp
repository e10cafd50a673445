// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/options.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t longest_keep = 36'500;  // days

Share share_of(const config::SizeOrPart& read) {
  return {read.bytes, read.part};
}

// Without a word it is as docs/storage.md says; `auto` says the same aloud.
std::optional<Share> read_reserve(config::Section& recording) {
  if (!recording.has("reserve") || recording.raw_text("reserve") == "auto") {
    recording.text("reserve", "auto");
    return std::nullopt;
  }
  const auto read = recording.size_or_part("reserve", {}, "'auto', ");
  if (!read) return std::nullopt;
  return share_of(*read);
}

}  // namespace

RecordOptions read_options(config::Section recording) {
  RecordOptions options;
  options.segment = recording.duration("segment", options.segment, 5s, 1h);
  options.pre_roll = recording.duration("pre_roll", options.pre_roll, 0s, 60s);
  options.post_roll = recording.duration("post_roll", options.post_roll, 0s, 10min);
  auto keep = recording.section("keep");
  options.keep = 24h * keep.integer("days", options.keep / 24h, 1, longest_keep);
  options.keep_events = 24h * keep.integer("events_days", options.keep_events / 24h, 1, longest_keep);
  if (const auto space =
          keep.size_or_part("space", config::SizeOrPart{options.space.bytes, options.space.part}))
    options.space = share_of(*space);
  options.reserve = read_reserve(recording);
  return options;
}

}  // namespace porchlight::record
