// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/evaluate.hpp"

#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "held_out.hpp"
#include "pair_list.hpp"
#include "porchlight/media/photo.hpp"
#include "verification.hpp"

namespace porchlight::vision {
namespace {

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

using Json = nlohmann::ordered_json;

// Not a number: pairs of a kind are missing.
Json figure(double value) {
  return std::isnan(value) ? Json() : Json(value);
}

struct Named {
  const char* name;
  double Rates::*rate;
};
constexpr Named published[] = {{"eer", &Rates::eer},
                               {"tar_at_far_1e-2", &Rates::tar_2},
                               {"tar_at_far_1e-3", &Rates::tar_3},
                               {"tpr_at_default", &Rates::tpr_default},
                               {"fpr_at_default", &Rates::fpr_default}};
constexpr Named held_out_only[] = {{"far_held_out_1e-2", &Rates::far_2},
                                   {"far_held_out_1e-3", &Rates::far_3},
                                   {"half_total_error", &Rates::error}};

void add_intervals(Json& json, const HeldOut& trial) {
  const auto intervals = trial.intervals();
  const auto add = [&](const Named& one) {
    json[std::string(one.name) + "_ci95"] = {figure(intervals.low.*one.rate),
                                             figure(intervals.high.*one.rate)};
  };
  for (const auto& one : published) add(one);
  for (const auto& one : held_out_only) add(one);
  json["bootstrap"] = {{"over", "persons"}, {"resamples", trial.resamples()}};
}

Json embedders(const FaceEngine& engine) {
  return engine.options().mobile ? Json{"resnet", "mobile"} : Json{"resnet"};
}

Json report(const HeldOut& trial, std::size_t pairs, std::size_t persons, std::size_t contradictions,
            const Pictures& pictures, const FaceEngine& engine) {
  const auto rates = trial.rates();
  Json json;
  json["pairs"] = pairs;
  json["images"] = pictures.count();
  json["failures_to_enrol"] = pictures.failures();
  for (const auto& one : published) json[one.name] = figure(rates.*one.rate);
  json["default_threshold"] = static_cast<double>(engine.options().threshold);
  json["ms_per_face"] = pictures.milliseconds_each();
  json["embedders"] = embedders(engine);
  json["persons"] = persons;
  json["contradictions"] = contradictions;
  json["threshold_from"] = trial.divided() ? "other half" : "same pairs";
  for (const auto& one : held_out_only) json[one.name] = figure(rates.*one.rate);
  add_intervals(json, trial);
  return json;
}

}  // namespace

Result<std::string> evaluate_pairs(FaceEngine& engine, const std::filesystem::path& csv) {
  const auto list = read_pairs(csv);
  if (!list) return list.error();
  const auto people = people_of(*list);
  Pictures pictures(engine, csv.parent_path());
  std::vector<LabelledPair> pairs;
  std::size_t contradictions = 0;
  for (const auto& pair : *list) {
    auto a = pictures.embedding(pair.a);
    if (!a) return std::move(a).error();
    auto b = pictures.embedding(pair.b);
    if (!b) return std::move(b).error();
    const auto away = *a && *b ? distance(**a, **b) : never_near;
    pairs.push_back({away, people.person.at(pair.a), people.person.at(pair.b), pair.same});
    contradictions += !pair.same && pairs.back().a == pairs.back().b ? 1 : 0;
  }
  const HeldOut trial(std::move(pairs), people.photographs, engine.options().threshold);
  return report(trial, list->size(), people.photographs.size(), contradictions, pictures, engine).dump();
}

}  // namespace porchlight::vision
