// SPDX-License-Identifier: Apache-2.0
// What the listener's thread asks of the house: rings and the state of things.
#include <nlohmann/json.hpp>
#include <utility>

#include "pipeline/pipeline_state.hpp"

namespace porchlight::pipeline {
namespace {

using nlohmann::json;

template <class T>
void put(json& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}

json cameras_of(const ListenerView& view) {
  auto list = json::array();
  for (const auto& unit : view.cameras) {
    const auto& options = unit->ingest().options();
    list.push_back(
        {{"id", options.id}, {"name", options.name}, {"state", to_string(unit->ingest().state())}});
  }
  return list;
}

json buttons_of(const ListenerView& view) {
  auto list = json::array();
  for (const auto& button : view.buttons->status()) {
    json object{{"id", button.id},
                {"kind", button.kind == gpio::ButtonKind::gpio ? "gpio" : "virtual"},
                {"state", to_string(button.state)},
                {"backend", button.backend},
                {"presses", button.presses},
                {"text", button.text()}};
    object["lost_edges"] = button.lost_edges ? json(*button.lost_edges) : json(nullptr);
    list.push_back(std::move(object));
  }
  return list;
}

json outputs_of(const ListenerView& view) {
  auto list = json::array();
  for (const auto& output : view.outputs())
    list.push_back({{"id", output.id},
                    {"name", output.name},
                    {"on", to_string(output.cause)},
                    {"state", to_string(output.state)},
                    {"pulse_ms", output.pulse.count()},
                    {"switched_on", output.switched_on},
                    {"text", output.text()}});
  return list;
}

json delivery_of(const DeliveryNote& note) {
  json object{{"channel", note.channel_id},
              {"sequence", note.sequence},
              {"state", to_string(note.state)},
              {"attempts", note.attempts}};
  put(object, "edge_to_delivered_ms", note.edge_to_delivered_ms);
  return object;
}

json ring_of(const RingNote& note) {
  json object{{"id", note.ring.header.id.text()},
              {"time", rfc3339(note.ring.header.at)},
              {"button", note.ring.button_id},
              {"camera", note.ring.camera_id},
              {"trigger_source", to_string(note.ring.source)},
              {"deliveries", json::array()}};
  put(object, "edge_to_commit_ms", note.edge_to_commit_ms);
  put(object, "picture_age_ms", note.picture_age_ms);
  if (note.answer) object["result"] = to_string(note.answer->verdict);
  if (note.answer && !note.answer->person.empty()) object["person"] = note.answer->person;
  for (const auto& delivery : note.deliveries) object["deliveries"].push_back(delivery_of(delivery));
  return object;
}

}  // namespace

const ListenerView& Pipeline::State::current_view() {
  if (auto fresh = new_view.take()) view = std::move(*fresh);
  return *view;
}

Result<Pipeline::Rung> Pipeline::ring(std::string_view button_id, event::TriggerSource source,
                                      const event::TraceContext& trace,
                                      std::function<void(const Rung&)> committed) {
  auto& s = *state_;
  const auto& view = s.current_view();
  auto id = view.buttons->press(button_id, source, trace);
  if (!id) return std::move(id).error();
  const auto camera = view.camera_of_button.find(std::string(button_id));
  Rung rung{*id, camera == view.camera_of_button.end() ? std::string() : camera->second};
  if (!s.store->queue().push(AwaitCommit{*id, [committed = std::move(committed), rung] { committed(rung); }}))
    return Error(ErrorCode::resource, "the store lane is not keeping up");
  return rung;
}

std::vector<CameraCondition> Pipeline::cameras() {
  std::vector<CameraCondition> list;
  for (const auto& unit : state_->current_view().cameras) {
    const auto& options = unit->ingest().options();
    list.push_back({options.id, options.name, std::string(to_string(unit->ingest().state()))});
  }
  return list;
}

std::vector<std::string> Pipeline::button_ids() {
  std::vector<std::string> ids;
  for (const auto& button : state_->current_view().buttons->status()) ids.push_back(button.id);
  return ids;
}

std::string Pipeline::camera_of_button(const std::string& button_id) {
  const auto& cameras = state_->current_view().camera_of_button;
  const auto found = cameras.find(button_id);
  return found == cameras.end() ? std::string() : found->second;
}

void Pipeline::faces_changed(std::function<void(Result<std::size_t>)> answer) {
  auto refused = answer;
  if (!state_->store->queue().push(ReadGallery{std::move(answer)}))
    refused(Error(ErrorCode::resource, "the store lane is not keeping up"));
}

void Pipeline::resend(store::OutboxFilter which, store::AuditActor actor,
                      std::function<void(Result<store::Resent>)> answer) {
  auto refused = answer;
  if (!state_->store->queue().push(ResendMessages{std::move(which), std::move(actor), std::move(answer)}))
    refused(Error(ErrorCode::resource, "the store lane is not keeping up"));
}

std::optional<notify::Language> Pipeline::language_of_channel(const std::string& channel_id) {
  const auto& channels = state_->current_view().channels;
  const auto found = channels.find(channel_id);
  return found == channels.end() ? std::nullopt : std::optional(found->second);
}

void Pipeline::answer(store::EventAnswer answer, std::function<void(Result<store::AnswerOutcome>)> done) {
  auto refused = done;
  if (!state_->store->queue().push(AnswerEvent{std::move(answer), std::move(done)}))
    refused(Error(ErrorCode::resource, "the store lane is not keeping up"));
}

void Pipeline::label(store::IdentityClaim claim, std::function<void(Result<store::RecognitionLabel>)> done) {
  auto refused = done;
  if (!state_->store->queue().push(LabelEvent{std::move(claim), std::move(done)}))
    refused(Error(ErrorCode::resource, "the store lane is not keeping up"));
}

void Pipeline::take_alerts(std::vector<store::ReceivedAlert> alerts,
                           std::function<void(Result<std::size_t>)> done) {
  auto refused = done;
  if (!state_->store->queue().push(TakeAlerts{std::move(alerts), std::move(done)}))
    refused(Error(ErrorCode::resource, "the store lane is not keeping up"));
}

std::string Pipeline::status() {
  auto& s = *state_;
  if (auto fresh = s.new_rings.take()) s.rings = std::move(*fresh);
  const auto& view = s.current_view();
  json object{{"cameras", cameras_of(view)},
              {"buttons", buttons_of(view)},
              {"outputs", outputs_of(view)},
              {"rings", json::array()}};
  const auto intact = s.store->audit_intact();
  object["audit"] = {{"intact", intact ? json(*intact) : json(nullptr)}};
  for (const auto& note : *s.rings) object["rings"].push_back(ring_of(note));
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace porchlight::pipeline
