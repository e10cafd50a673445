// SPDX-License-Identifier: Apache-2.0
#include "record/export_manifest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "porchlight/telemetry/build.hpp"

namespace porchlight::record {
namespace {

using nlohmann::json;

json time_or_null(const std::optional<WallTime>& time) {
  return time ? json(rfc3339(*time)) : json(nullptr);
}

const char* word_of(const ExportPart& part) {
  if (!part.tail) return part.segment.state == store::SegmentState::open ? "open" : "cut_short";
  return part.tail->torn ? "torn" : "closed";
}

json json_of(const ExportPart& part) {
  json entry{{"file", part.segment.file},
             {"state", word_of(part)},
             {"start", rfc3339(part.first())},
             {"end", rfc3339(part.first() + part.duration)},
             {"bytes", part.digest.bytes},
             {"sha256", part.digest.sha256},
             {"crc32", nullptr},
             {"crc32_holds", nullptr}};
  if (!part.tail) return entry;
  entry["crc32"] = part.tail->crc;
  entry["crc32_holds"] = part.checksum_holds();
  return entry;
}

json json_of(const store::Gap& gap) {
  return {{"cause", std::string(to_string(gap.cause))},
          {"detail", gap.detail},
          {"start", time_or_null(gap.start)},
          {"end", time_or_null(gap.stop)}};
}

json json_of(const Unexplained& time) {
  return {{"cause", nullptr}, {"detail", ""}, {"start", rfc3339(time.start)}, {"end", rfc3339(time.end)}};
}

json gaps_of(const Exported& made) {
  json gaps = json::array();
  for (const auto& gap : made.gaps) gaps.push_back(json_of(gap));
  for (const auto& time : made.unexplained) gaps.push_back(json_of(time));
  // Times of one form sort as text.
  std::stable_sort(gaps.begin(), gaps.end(),
                   [](const json& a, const json& b) { return a["start"] < b["start"]; });
  return gaps;
}

}  // namespace

std::string export_manifest(const ExportOrder& order, const Exported& made, const std::string& sha256,
                            const ExportPlan& plan, const std::string& public_pem, WallTime now) {
  json segments = json::array();
  for (const auto& part : plan.parts) segments.push_back(json_of(part));
  const json manifest{{"version", 1},
                      {"camera", order.camera_id},
                      {"asked", {{"from", rfc3339(order.from)}, {"to", rfc3339(order.to)}}},
                      {"got", {{"start", rfc3339(made.start)}, {"end", rfc3339(made.end)}}},
                      {"file",
                       {{"name", order.out.filename().string()},
                        {"bytes", made.bytes},
                        {"frames", made.frames},
                        {"sha256", sha256}}},
                      {"segments", segments},
                      {"gaps", gaps_of(made)},
                      {"program", "porchlight " + std::string(telemetry::build_version())},
                      {"exported", rfc3339(now)},
                      {"public_key", public_pem}};
  return manifest.dump(-1, ' ', false, json::error_handler_t::replace);
}

ManifestFiles::ManifestFiles(const std::filesystem::path& out)
    : manifest(out.string() + ".manifest.json"),
      signature(out.string() + ".manifest.sig"),
      public_key(out.string() + ".public.pem") {}

}  // namespace porchlight::record
