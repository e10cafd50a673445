// SPDX-License-Identifier: Apache-2.0
#include "notify/mqtt_echoes.hpp"

#include <mosquitto.h>

#include <algorithm>

namespace porchlight::notify {
namespace {

bool matches(const std::string& filter, const std::string& topic) {
  bool found = false;
  return ::mosquitto_topic_matches_sub(filter.c_str(), topic.c_str(), &found) == MOSQ_ERR_SUCCESS && found;
}

}  // namespace

bool MqttEchoes::expects(const std::string& topic) const {
  return std::any_of(filters_.begin(), filters_.end(),
                     [&](const auto& entry) { return matches(entry.first, topic); });
}

void MqttEchoes::taken(const std::string& topic) {
  for (auto& [filter, silence] : filters_)
    if (matches(filter, topic)) silence.is_due = true;
}

void MqttEchoes::heard(const std::string& topic) {
  std::erase_if(filters_, [&](const auto& entry) { return matches(entry.first, topic); });
}

std::vector<std::string> MqttEchoes::silent(MonotonicTime now) {
  std::vector<std::string> found;
  for (auto& [filter, silence] : filters_) {
    if (!silence.is_due) continue;
    if (!silence.since) silence.since = now;
    if (now - *silence.since > patience) found.push_back(filter);
  }
  for (const auto& filter : found) filters_.erase(filter);
  return found;
}

}  // namespace porchlight::notify
