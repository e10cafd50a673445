// SPDX-License-Identifier: Apache-2.0
#include "api/event_answers.hpp"

#include "api/json_body.hpp"

namespace porchlight::api {

nlohmann::ordered_json event_json(const store::LoggedEvent& event) {
  auto object = nlohmann::ordered_json::parse(event.json, nullptr, false);
  // Nobody but we writes that column; a row that was damaged is still an event.
  if (!object.is_object())
    object = {{"id", event.id.text()}, {"type", event.type}, {"time", rfc3339(event.at)}};
  for (const auto* measure : {"confidence", "distance"})
    if (const auto found = object.find(measure); found != object.end() && found->is_number())
      *found = rounded(found->get<double>());
  object["snapshot"] = nullptr;
  if (!event.snapshot.empty()) object["snapshot"] = "/api/v1/events/" + event.id.text() + "/snapshot";
  return object;
}

nlohmann::ordered_json acknowledged_json(const std::vector<store::Acknowledgement>& answers) {
  for (const auto& answer : answers)
    if (answer.kind == store::Acknowledgement::Kind::acknowledge)
      return {{"at", rfc3339(answer.at)}, {"by", answer.who}};
  return nullptr;
}

nlohmann::ordered_json identity_json(const store::RecognitionLabel& label) {
  nlohmann::ordered_json object;
  switch (label.said) {
    case store::IdentitySaid::person:
      object["is"] = label.person.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(label.person);
      break;
    case store::IdentitySaid::not_person:
      object["is_not"] = true;
      break;
    case store::IdentitySaid::stranger:
      object["stranger"] = true;
      break;
  }
  object["outcome"] = to_string(label.outcome);
  object["at"] = rfc3339(label.at);
  return object;
}

}  // namespace porchlight::api
