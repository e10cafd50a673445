// SPDX-License-Identifier: Apache-2.0
#include "app/people.hpp"

#include <string>
#include <utility>

namespace porchlight::app {
namespace {

pipeline::FaceWanted wanted_of(api::FaceWanted wanted) {
  switch (wanted) {
    case api::FaceWanted::only:
      return pipeline::FaceWanted::only;
    case api::FaceWanted::largest:
      return pipeline::FaceWanted::largest;
    case api::FaceWanted::every:
      break;
  }
  return pipeline::FaceWanted::every;
}

api::FaceFound found_of(const pipeline::ExaminedFace& face) {
  const auto& identity = face.identity;
  const auto& embedding = face.shot.embedding;
  api::FaceFound found{embedding.resnet,
                       std::string(vision::model_version),
                       face.shot.quality,
                       {face.place.x, face.place.y, face.place.width, face.place.height},
                       std::string(to_string(identity.verdict)),
                       identity.person,
                       identity.confidence,
                       identity.distance,
                       embedding.mobile,
                       std::string(embedding.mobile.empty() ? std::string_view() : vision::mobile_version)};
  found.alone = face.shot.alone;
  if (const auto& refused = face.shot.refused) {
    found.refused = to_string(refused->reason);
    found.detail = refused->words;
  }
  return found;
}

}  // namespace

std::unique_ptr<api::People> make_people(pipeline::Pipeline& pipeline, api::Library& library) {
  api::PeoplePorts ports;
  ports.examine = [&pipeline](std::string_view file, api::FaceWanted wanted, MonotonicTime deadline,
                              api::Answer<std::vector<api::FaceFound>> answer) {
    pipeline.examine(file, wanted_of(wanted), deadline,
                     [answer = std::move(answer)](const pipeline::Examined& examined) {
                       if (!examined) return answer(examined.error());
                       std::vector<api::FaceFound> faces;
                       for (const auto& face : *examined) faces.push_back(found_of(face));
                       answer(std::move(faces));
                     });
  };
  ports.faces_changed = [&pipeline](api::Answer<std::size_t> answer) {
    pipeline.faces_changed(std::move(answer));
  };
  ports.label_event = [&pipeline](store::IdentityClaim claim, api::Answer<store::RecognitionLabel> answer) {
    pipeline.label(std::move(claim), std::move(answer));
  };
  return std::make_unique<api::People>(library, std::move(ports));
}

}  // namespace porchlight::app
