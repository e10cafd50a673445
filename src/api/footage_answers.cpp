// SPDX-License-Identifier: Apache-2.0
#include "api/footage_answers.hpp"

#include <algorithm>
#include <optional>

#include "api/json_body.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using nlohmann::ordered_json;

// Between the end of a segment and the first picture of the next there is no more than the distance of two
// pictures, unless something is missing.
constexpr auto seam = 250ms;

ordered_json time_json(const std::optional<WallTime>& at) {
  return at ? ordered_json(rfc3339(*at)) : ordered_json(nullptr);
}

const char* word_of(store::SegmentState state) {
  switch (state) {
    case store::SegmentState::open:
      return "open";
    case store::SegmentState::torn:
      return "torn";
    case store::SegmentState::closed:
    case store::SegmentState::deleting:
      break;
  }
  return "closed";
}

double seconds_of(WallTime::duration span) {
  return rounded(std::chrono::duration<double>(std::max(span, WallTime::duration::zero())).count());
}

// The part of [start, end) that lies in the interval; nothing when there is none.
std::optional<Interval> within(const Interval& asked, WallTime start, WallTime end) {
  const Interval part{std::max(asked.from, start), std::min(asked.to, end)};
  return part.from < part.to ? std::optional(part) : std::nullopt;
}

std::vector<Interval> recorded_in(const Interval& asked, const std::vector<store::Segment>& segments) {
  std::vector<Interval> pieces;
  for (const auto& segment : segments) {
    if (!segment.start || !segment.end) continue;
    const auto part = within(asked, *segment.start, *segment.end);
    if (!part) continue;
    if (!pieces.empty() && part->from - pieces.back().to <= seam)
      pieces.back().to = std::max(pieces.back().to, part->to);
    else
      pieces.push_back(*part);
  }
  return pieces;
}

}  // namespace

ordered_json segment_json(const store::Segment& segment) {
  const auto path = "/api/v1/recordings/" + std::to_string(segment.id);
  ordered_json object{{"id", segment.id},
                      {"camera", segment.camera_id},
                      {"state", word_of(segment.state)},
                      {"start", time_json(segment.start)},
                      {"end", time_json(segment.end)},
                      {"duration_ms", std::max<std::int64_t>(0, (segment.end_at - segment.begin.at).count())},
                      {"bytes", segment.bytes},
                      {"frames", segment.frames},
                      {"codec", segment.codec},
                      {"audio_codec", nullptr},
                      {"width", segment.width},
                      {"height", segment.height},
                      {"protected", segment.is_protected},
                      {"video", path + "/video"},
                      {"thumbnail", path + "/thumbnail"}};
  if (!segment.audio_codec.empty()) object["audio_codec"] = segment.audio_codec;
  return object;
}

const char* content_type_of(std::string_view file) {
  return file.ends_with(".mov") ? "video/quicktime" : "video/mp4";
}

ordered_json ledger_json(const std::string& camera, const Interval& asked, WallTime now,
                         const std::vector<store::Segment>& segments, const std::vector<store::Gap>& gaps) {
  auto recorded = ordered_json::array(), missing = ordered_json::array();
  WallTime::duration kept{}, lost{};
  for (const auto& piece : recorded_in(asked, segments)) {
    recorded.push_back({{"start", rfc3339(piece.from)}, {"end", rfc3339(piece.to)}});
    kept += piece.to - piece.from;
  }
  for (const auto& gap : gaps) {
    if (!gap.start) continue;
    const auto until = gap.stop.value_or(std::max(now, *gap.start));
    if (const auto part = within(asked, *gap.start, until)) lost += part->to - part->from;
    ordered_json object{{"start", rfc3339(*gap.start)},
                        {"end", time_json(gap.stop)},
                        {"cause", to_string(gap.cause)},
                        {"seconds", seconds_of(until - *gap.start)}};
    if (!gap.detail.empty()) object["detail"] = gap.detail;
    missing.push_back(std::move(object));
  }
  return {{"camera", camera},
          {"from", rfc3339(asked.from)},
          {"to", rfc3339(asked.to)},
          {"recorded", std::move(recorded)},
          {"gaps", std::move(missing)},
          {"recorded_seconds", seconds_of(kept)},
          {"missing_seconds", seconds_of(lost)}};
}

std::string why_missing(const std::string& camera, const std::vector<store::Gap>& gaps) {
  const auto nothing = "there is no footage of camera '" + camera + "' then";
  if (gaps.empty()) return nothing + ": it was not to be recorded, or the footage has been deleted since";
  std::vector<std::string> causes;
  for (const auto& gap : gaps)
    if (std::string word(to_string(gap.cause)); std::find(causes.begin(), causes.end(), word) == causes.end())
      causes.push_back(std::move(word));
  std::string list;
  for (const auto& cause : causes) list += (list.empty() ? "" : ", ") + cause;
  return nothing + "; the ledger says why: " + list;
}

}  // namespace porchlight::api
