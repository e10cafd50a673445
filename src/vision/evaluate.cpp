// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/evaluate.hpp"

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "porchlight/base/durable_file.hpp"
#include "porchlight/media/photo.hpp"
#include "verification.hpp"

namespace porchlight::vision {
namespace {

struct Pair {
  std::string a;
  std::string b;
  bool same = false;
};

std::optional<Pair> parse_pair(std::string_view line) {
  const auto first = line.find(',');
  const auto last = line.rfind(',');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  const auto verdict = line.substr(last + 1);
  if (verdict != "0" && verdict != "1") return std::nullopt;
  const auto a = line.substr(0, first);
  const auto b = line.substr(first + 1, last - first - 1);
  if (a.empty() || b.empty() || b.find(',') != std::string_view::npos) return std::nullopt;
  return Pair{std::string(a), std::string(b), verdict == "1"};
}

Result<std::vector<Pair>> read_pairs(const std::filesystem::path& csv) {
  const auto text = read_whole_file(csv, std::size_t{64} << 20);
  if (!text) return text.error();
  std::vector<Pair> pairs;
  std::istringstream lines(*text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    auto pair = parse_pair(line);
    if (!pair) {
      return Error(ErrorCode::invalid_argument, csv.filename().string() + ":" + std::to_string(number) +
                                                    ": expected 'imageA,imageB,0|1', found '" + line + "'");
    }
    pairs.push_back(std::move(*pair));
  }
  return pairs;
}

// Every picture is read once, however many pairs it is in.
class Pictures {
 public:
  Pictures(FaceEngine& engine, std::filesystem::path folder) : engine_(engine), folder_(std::move(folder)) {}

  Result<std::optional<Embedding>> embedding(const std::string& name) {
    if (const auto known = seen_.find(name); known != seen_.end()) return known->second;
    auto photo = media::read_photo(folder_ / name);
    if (!photo) return std::move(photo).error();
    const auto begun = std::chrono::steady_clock::now();
    auto shot = engine_.largest_shot(*photo);
    spent_ += std::chrono::steady_clock::now() - begun;
    if (!shot) return std::move(shot).error();
    std::optional<Embedding> embedding;
    if (*shot) embedding = (*shot)->embedding;
    if (!embedding) ++failures_;
    return seen_[name] = embedding;
  }

  std::size_t count() const { return seen_.size(); }
  std::size_t failures() const { return failures_; }
  double milliseconds_each() const {
    return seen_.empty() ? 0
                         : std::chrono::duration<double, std::milli>(spent_).count() /
                               static_cast<double>(seen_.size());
  }

 private:
  FaceEngine& engine_;
  const std::filesystem::path folder_;
  std::map<std::string, std::optional<Embedding>> seen_;
  std::size_t failures_ = 0;
  std::chrono::nanoseconds spent_{};
};

nlohmann::ordered_json report(const PairDistances& sorted, const Pictures& pictures, float threshold) {
  const bool both = !sorted.genuine.empty() && !sorted.impostor.empty();
  const auto when = [](bool known, auto value) {
    return known ? nlohmann::ordered_json(value()) : nlohmann::ordered_json();
  };
  nlohmann::ordered_json json;
  json["pairs"] = sorted.genuine.size() + sorted.impostor.size();
  json["images"] = pictures.count();
  json["failures_to_enrol"] = pictures.failures();
  json["eer"] = when(both, [&] { return equal_error_rate(sorted); });
  json["tar_at_far_1e-2"] = when(both, [&] { return true_accepts_at(sorted, 1e-2); });
  json["tar_at_far_1e-3"] = when(both, [&] { return true_accepts_at(sorted, 1e-3); });
  json["tpr_at_default"] =
      when(!sorted.genuine.empty(), [&] { return accepted_at(sorted.genuine, threshold); });
  json["fpr_at_default"] =
      when(!sorted.impostor.empty(), [&] { return accepted_at(sorted.impostor, threshold); });
  json["default_threshold"] = static_cast<double>(threshold);
  json["ms_per_face"] = pictures.milliseconds_each();
  return json;
}

}  // namespace

Result<std::string> evaluate_pairs(FaceEngine& engine, const std::filesystem::path& csv) {
  const auto pairs = read_pairs(csv);
  if (!pairs) return pairs.error();
  Pictures pictures(engine, csv.parent_path());
  PairDistances distances;
  for (const auto& pair : *pairs) {
    auto a = pictures.embedding(pair.a);
    if (!a) return std::move(a).error();
    auto b = pictures.embedding(pair.b);
    if (!b) return std::move(b).error();
    const auto away = *a && *b ? distance(**a, **b) : never_near;
    (pair.same ? distances.genuine : distances.impostor).push_back(away);
  }
  sort(distances);
  return report(distances, pictures, engine.options().threshold).dump();
}

}  // namespace porchlight::vision
