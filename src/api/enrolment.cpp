// SPDX-License-Identifier: Apache-2.0
#include "api/enrolment.hpp"

#include <algorithm>
#include <utility>

#include "api/account_routes.hpp"
#include "api/digest.hpp"

namespace porchlight::api {
namespace {

// Of the 30 s that the route has.
constexpr std::chrono::seconds examine_limit{20};

}  // namespace

Enrolment::Enrolment(People::State& people, Asker asker, EnrolmentOrder order, http::Responder responder)
    : people_(people),
      asker_(std::move(asker)),
      order_(std::move(order)),
      responder_(std::move(responder)),
      deadline_(people.library.clock.now() + examine_limit) {}

void Enrolment::next() {
  run(people_, Pace::slow, responder_, asker_.trace, [self = shared_from_this()](OpenPeople& open) {
    if (self->photos_.size() < self->order_.photos.size())
      self->examine();
    else
      self->finish(open);
  });
}

void Enrolment::examine() {
  // The file goes as soon as it has been decoded.
  const auto file = std::exchange(order_.photos[photos_.size()], {});
  digest_ = sha256_hex(file);
  people_.ports.examine(file, order_.wanted, deadline_,
                        [self = shared_from_this()](Result<std::vector<FaceFound>> found) {
                          self->note(std::move(found));
                          self->next();
                        });
}

void Enrolment::note(Result<std::vector<FaceFound>> found) {
  if (found && found->empty()) found = Error(ErrorCode::not_found, "no face in the picture");
  if (!found) {
    const auto code = found.error().code();
    photos_.push_back({photo_result(code), found.error().text(), {}, 0, may_work_later(code), 0});
    return;
  }
  auto& face = found->front();
  if (!face.refused.empty()) {
    const auto* result = face.refused == "too_small" ? "face_too_small" : "face_unfit";
    photos_.push_back({result, face.detail, face.refused, 0, false, 0});
    return;
  }
  alone_ = alone_ && face.alone;
  photos_.push_back({"enrolled", {}, {}, face.quality, false, faces_.size()});
  faces_.push_back({face.embedding, std::move(face.model), digest_, people_.library.clock.wall(), 0,
                    std::move(face.second), std::move(face.second_model)});
}

nlohmann::ordered_json Enrolment::photo_json(const Photo& photo) {
  nlohmann::ordered_json entry{{"result", photo.result}};
  if (!photo.refused.empty()) entry["refused"] = photo.refused;
  if (photo.text.empty())
    entry["quality"] = rounded(photo.quality);
  else
    entry["detail"] = photo.text;
  return entry;
}

// The same photograph again takes the place of the former one.
void Enrolment::mark_duplicates(const store::Person& known) {
  for (auto& photo : photos_) {
    if (photo.result != "enrolled") continue;
    const auto is_same = [&face = faces_[photo.face]](const store::EnrolledFace& other) {
      return other.photo_sha256 == face.photo_sha256 && other.model_version == face.model_version;
    };
    const auto before = faces_.begin() + static_cast<std::ptrdiff_t>(photo.face);
    if (std::any_of(known.faces.begin(), known.faces.end(), is_same) ||
        std::any_of(faces_.begin(), before, is_same))
      photo.result = "duplicate";
  }
}

void Enrolment::finish(OpenPeople& open) {
  if (faces_.empty()) return void(responder_.send(nothing_usable()));
  const auto known = open.gallery.find(std::string_view(order_.name));
  if (!known) return void(responder_.send(failure(known.error(), asker_.trace)));
  if (*known)
    mark_duplicates(**known);
  else
    mark_duplicates({});
  const Change change{order_.name, "add", std::to_string(faces_.size()) + " photographs" + order_.source};
  if (auto status =
          make_change(people_, asker_, change, [&] { return open.gallery.enrol_all(order_.name, faces_); });
      !status)
    return void(responder_.send(refused_change(status.error(), asker_.trace)));
  label_event();
  const auto person = open.gallery.find(std::string_view(order_.name));
  if (!person || !*person)
    return void(responder_.send(
        failure(person ? Error(ErrorCode::not_found, "somebody forgot the person meanwhile") : person.error(),
                asker_.trace)));
  nlohmann::ordered_json body{{"person", person_json(**person)}, {"photos", nlohmann::ordered_json::array()}};
  for (const auto& photo : photos_) body["photos"].push_back(photo_json(photo));
  auto response = json_answer(201, body);
  response.headers.emplace_back("Location", "/api/v1/people/" + std::to_string((*person)->id));
  answer_when_known(people_, responder_, std::move(response));
}

// Whose face it is, is said of the visit, too. The person must be there by then; whether the visit was judged
// rightly goes by who was enrolled when it happened. Of several in the picture the sighting may be another's.
void Enrolment::label_event() {
  if (!order_.event || !alone_) return;
  // An event in which nobody was compared has no label, and the store lane says what else is wrong.
  people_.ports.label_event(
      {*order_.event, store::IdentitySaid::person, order_.name, people_.library.clock.wall()},
      [](const Result<store::RecognitionLabel>&) {});
}

http::Response Enrolment::nothing_usable() const {
  const auto later =
      std::find_if(photos_.begin(), photos_.end(), [](const auto& photo) { return photo.later; });
  if (later != photos_.end()) return busy(later->text.c_str(), asker_.trace);
  auto photos = nlohmann::ordered_json::array();
  for (const auto& photo : photos_) photos.push_back(photo_json(photo));
  return unusable(photos_.size() == 1 ? photos_.front().text : "no photograph can be used", std::move(photos),
                  asker_.trace);
}

}  // namespace porchlight::api
