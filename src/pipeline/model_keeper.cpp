// SPDX-License-Identifier: Apache-2.0
#include "pipeline/model_keeper.hpp"

#include <malloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <utility>

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using Part = telemetry::Health::Part;
using PartState = telemetry::Health::PartState;

constexpr auto look_pace = 1s;  // at files that were bad
constexpr std::chrono::nanoseconds first_pause = 10s;
constexpr std::chrono::nanoseconds longest_pause = 10min;

// Changes when a model is replaced, comes or goes: name, place, size and time of each.
std::string print_of(const std::filesystem::path& folder) {
  std::set<std::string> files;
  std::error_code error;
  // A card that fails while it is read ends the list, and throws nothing.
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    struct ::stat file {};
    const auto& path = entry->path();
    if (path.extension() != ".onnx" || ::stat(path.c_str(), &file) != 0) continue;
    files.insert(path.filename().string() + " " + std::to_string(file.st_dev) + " " +
                 std::to_string(file.st_ino) + " " + std::to_string(file.st_size) + " " +
                 std::to_string(file.st_mtim.tv_sec) + "." + std::to_string(file.st_mtim.tv_nsec));
  }
  std::string all = folder.string();
  for (const auto& file : files) all += "\n" + file;
  return all;
}

bool is_of_the_files(const Error& error) {
  return error.code() == ErrorCode::not_found || error.code() == ErrorCode::corrupt;
}

}  // namespace

ModelKeeper::ModelKeeper(const Clock& clock, telemetry::Metrics& metrics, telemetry::Health& health)
    : clock_(clock),
      metrics_(metrics),
      health_(health),
      errors_(metrics.counter(
          "errors_total",
          {{"component", "face_detector"}, {"error_type", "internal"}, {"severity", "error"}})) {}

Status ModelKeeper::load(const vision::FaceOptions& options) {
  if (engine_) return {};
  if (fault_ && still_bad()) {
    health_.model_loaded = false;
    health_.set(Part::model, PartState::failed);
    return fault_->why;
  }
  if (!health_.model_loaded) health_.set(Part::model, PartState::starting);
  const auto files = print_of(vision::default_model_dir());
  const auto begun = clock_.now();
  auto engine = take_in(options, files);
  if (!engine) return refuse(std::move(engine).error(), files);
  engine_ = std::move(*engine);
  proved_ = files;
  fault_.reset();
  pause_ = {};
  health_.model_loaded = true;
  health_.set(Part::model, PartState::started);
  info_.clear();
  for (const auto& version : vision::model_versions(options)) {
    info_.push_back(metrics_.gauge("ml_model_info", {{"model_version", version}, {"backend", "cpu"}}));
    info_.back().set(1);
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begun);
  log_.info("the face models are loaded", {{"took_ms", std::to_string(took.count())}});
  return {};
}

bool ModelKeeper::still_bad() {
  const auto now = clock_.now();
  if (now < fault_->looked + look_pace) return true;
  fault_->looked = now;
  if (print_of(vision::default_model_dir()) != fault_->files) return false;
  return is_of_the_files(fault_->why) || now < fault_->again;
}

// Files that answered rightly once are not asked again.
Result<std::unique_ptr<vision::FaceEngine>> ModelKeeper::take_in(const vision::FaceOptions& options,
                                                                 const std::string& files) {
  const auto folder = vision::default_model_dir();
  auto engine = vision::FaceEngine::create(folder, options, &metrics_);
  if (!engine || files == proved_) return engine;
  if (auto proof = (*engine)->prove(folder); !proof) return std::move(proof).error();
  return engine;
}

Status ModelKeeper::refuse(Error why, const std::string& files) {
  ::malloc_trim(0);
  const auto now = clock_.now();
  pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
  fault_ = Fault{std::move(why), files, now, now + pause_};
  errors_.increment();
  health_.model_loaded = false;
  health_.set(Part::model, PartState::failed);
  log_.error(
      "the face models cannot be used, rings go out without names",
      {{"fault", fault_->why.text()},
       {"mend", is_of_the_files(fault_->why)
                    ? "apt install --reinstall ./porchlight_*.deb; they are tried again when a file changes"
                    : "they are tried again by themselves"}});
  return fault_->why;
}

void ModelKeeper::drop() {
  engine_.reset();
  for (auto& one : info_) one.clear();
  ::malloc_trim(0);
}

void ModelKeeper::unneeded() {
  health_.model_loaded = true;
  health_.set(Part::model, PartState::started);
}

void ModelKeeper::reset() {
  drop();
  proved_.clear();
  fault_.reset();
  pause_ = {};
}

}  // namespace porchlight::pipeline
