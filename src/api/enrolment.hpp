// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/people_state.hpp"

namespace porchlight::api {

// What somebody sent to be enrolled.
struct EnrolmentOrder {
  std::string name;
  std::vector<std::string> photos;  // files
  FaceWanted wanted = FaceWanted::only;
  std::string source{};                   // for the audit log: ` from event …`
  std::optional<event::EventId> event{};  // whose picture it is; its sighting is labelled
  std::shared_ptr<const void> hold;       // of the upload
};

// One order on its way between the library's and the vision thread: each photograph is looked at, then all
// usable faces are enrolled as one change. Keeps itself alive until it has answered.
class Enrolment : public std::enable_shared_from_this<Enrolment> {
 public:
  Enrolment(People::State& people, Asker asker, EnrolmentOrder order, http::Responder responder);
  // Any thread.
  void begin() { next(); }

 private:
  struct Photo {
    std::string_view result;
    std::string text;       // of what cannot be used, for people
    std::string refused{};  // what the face lacks
    double quality = 0;
    bool later = false;  // the same photograph may be taken another time
    std::size_t face = 0;
  };
  void next();
  void examine();
  static nlohmann::ordered_json photo_json(const Photo& photo);
  void note(Result<std::vector<FaceFound>> found);
  void finish(OpenPeople& open);
  void mark_duplicates(const store::Person& known);
  void label_event();
  http::Response nothing_usable() const;

  People::State& people_;
  const Asker asker_;
  EnrolmentOrder order_;
  const http::Responder responder_;
  const MonotonicTime deadline_;
  std::string digest_;  // of the photograph that is being looked at
  std::vector<Photo> photos_;
  std::vector<store::EnrolledFace> faces_;
  bool alone_ = true;  // no photograph showed another face beside the enrolled one
};

}  // namespace porchlight::api
