// SPDX-License-Identifier: Apache-2.0
#include "notify/home_assistant.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "notify/mqtt_messages.hpp"
#include "porchlight/telemetry/build.hpp"

namespace porchlight::notify {
namespace {

using nlohmann::json;

class Discovery {
 public:
  explicit Discovery(const MqttOptions& options) : options_(options), topics_{options.topic_prefix} {}

  void add_house();
  void add_camera(const HouseFacts::Camera& camera, bool faces);
  void add_button(const HouseFacts::Button& button, const std::string& place, const std::string& place_name);
  void add_bell(const std::string& place, const std::string& name);

  std::map<std::string, std::string> configs;

 private:
  json device_of(const std::string& place, const std::string& name) const;
  void add(const char* component, const std::string& object, const std::string& name, json device, json more);
  void add_counter(const std::string& place, const std::string& place_name, const char* part,
                   const char* name, const char* icon);

  const MqttOptions& options_;
  const MqttTopics topics_;
};

json Discovery::device_of(const std::string& place, const std::string& name) const {
  return {{"identifiers", json::array({"porchlight_" + options_.client_id + "_" + place})},
          {"name", name},
          {"manufacturer", "Porchlight"},
          {"model", "Door"},
          {"sw_version", telemetry::build_version()},
          {"via_device", "porchlight_" + options_.client_id}};
}

void Discovery::add(const char* component, const std::string& object, const std::string& name, json device,
                    json more) {
  more["name"] = name;
  more["unique_id"] = "porchlight_" + options_.client_id + "_" + object;
  more["device"] = std::move(device);
  more["origin"] = {{"name", "Porchlight"}, {"sw_version", telemetry::build_version()}};
  if (!more.contains("availability_topic") && object != "running")
    more["availability_topic"] = topics_.available();
  // An image has no quality of service of its own.
  if (std::string_view(component) != "image") more["qos"] = 1;
  configs[options_.discovery_prefix + "/" + component + "/" + options_.client_id + "/" + object + "/config"] =
      more.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The device that the others go by; its one entity is what `available` says.
void Discovery::add_house() {
  json device{{"identifiers", json::array({"porchlight_" + options_.client_id})},
              {"name", "Porchlight"},
              {"manufacturer", "Porchlight"},
              {"model", "House"},
              {"sw_version", telemetry::build_version()}};
  add("binary_sensor", "running", "Running", std::move(device),
      {{"state_topic", topics_.available()},
       {"payload_on", "online"},
       {"payload_off", "offline"},
       {"device_class", "running"},
       {"entity_category", "diagnostic"}});
}

void Discovery::add_counter(const std::string& place, const std::string& place_name, const char* part,
                            const char* name, const char* icon) {
  add("sensor", place + "_" + part, name, device_of(place, place_name),
      {{"state_topic", topics_.of(place, part)}, {"state_class", "total_increasing"}, {"icon", icon}});
}

void Discovery::add_camera(const HouseFacts::Camera& camera, bool faces) {
  const auto device = device_of(camera.id, camera.name);
  add("binary_sensor", camera.id + "_connectivity", "Camera", device,
      {{"state_topic", topics_.of(camera.id, "connectivity")},
       {"device_class", "connectivity"},
       {"entity_category", "diagnostic"}});
  if (camera.moving)
    add("binary_sensor", camera.id + "_motion", "Motion", device,
        {{"state_topic", topics_.of(camera.id, "motion")}, {"device_class", "motion"}});
  if (camera.recording)
    add("binary_sensor", camera.id + "_recording", "Recording", device,
        {{"state_topic", topics_.of(camera.id, "recording")}, {"icon", "mdi:record-rec"}});
  add("image", camera.id + "_snapshot", "Last picture", device,
      {{"image_topic", topics_.of(camera.id, "snapshot")}, {"content_type", "image/jpeg"}});
  if (!faces) return;
  const auto person = topics_.of(camera.id, "person");
  add("sensor", camera.id + "_person", "Last person", device,
      {{"state_topic", person},
       {"value_template", "{{ value_json.person | default(value_json.result) }}"},
       {"json_attributes_topic", person},
       {"icon", "mdi:account"}});
  add_counter(camera.id, camera.name, "visitors_known", "Known visitors", "mdi:account-check");
  add_counter(camera.id, camera.name, "visitors_unknown", "Unknown visitors", "mdi:account-question");
}

void Discovery::add_bell(const std::string& place, const std::string& name) {
  add("event", place + "_ring", "Doorbell", device_of(place, name),
      {{"state_topic", topics_.of(place, "ring")},
       {"device_class", "doorbell"},
       {"event_types", json::array({"ring"})}});
  add("sensor", place + "_last_ring", "Last ring", device_of(place, name),
      {{"state_topic", topics_.of(place, "last_ring")}, {"device_class", "timestamp"}});
  add_counter(place, name, "rings", "Rings", "mdi:bell-ring");
}

void Discovery::add_button(const HouseFacts::Button& button, const std::string& place,
                           const std::string& place_name) {
  add("button", button.id + "_press", "Ring " + button.name, device_of(place, place_name),
      {{"command_topic", topics_.of(button.id, "ring/set")}, {"payload_press", press_payload}});
}

}  // namespace

std::map<std::string, std::string> discovery_of(const HouseFacts& facts, const MqttOptions& options) {
  Discovery discovery(options);
  discovery.add_house();
  for (const auto& camera : facts.cameras) discovery.add_camera(camera, facts.faces);
  std::set<std::string> bells;
  for (const auto& button : facts.buttons) {
    const auto camera = std::find_if(facts.cameras.begin(), facts.cameras.end(),
                                     [&](const auto& c) { return c.id == button.camera; });
    const auto& place = button.camera.empty() ? button.id : button.camera;
    const auto& name = camera == facts.cameras.end() ? button.name : camera->name;
    if (bells.insert(place).second) discovery.add_bell(place, name);
    discovery.add_button(button, place, name);
  }
  return std::move(discovery.configs);
}

std::string discovery_filter(const MqttOptions& options) {
  return options.discovery_prefix + "/+/" + options.client_id + "/+/config";
}

std::string birth_topic(const MqttOptions& options) {
  return options.discovery_prefix + "/status";
}

}  // namespace porchlight::notify
