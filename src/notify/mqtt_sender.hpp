// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "notify/mqtt_link.hpp"
#include "porchlight/notify/channel.hpp"

namespace porchlight::notify {

// Publishes what one message makes and waits until the broker has all of it. What it has is not sent
// again when the rest has to be. Bound to the link's thread.
class MqttSender {
 public:
  MqttSender(MqttLink& link, const Clock& clock) : link_(link), clock_(clock) {}

  // Each publication to a topic of its own.
  Delivery send(const store::RowKey& key, const std::vector<Publication>& publications, std::stop_token stop);

 private:
  // Of a message that is not through yet.
  struct Progress {
    std::set<std::string> done;  // topics
    int broken_by_picture = 0;
  };
  using Awaited = std::map<int, const Publication*>;
  std::optional<Delivery> publish(const std::vector<Publication>& publications, Progress& progress,
                                  Awaited& awaited);
  std::optional<Delivery> await(Progress& progress, Awaited& awaited, const std::stop_token& stop);
  Progress& progress_of(const store::RowKey& key);
  void leave_out(const Publication& publication, Progress& progress, const std::string& why);

  MqttLink& link_;
  const Clock& clock_;
  const telemetry::Logger log_{"doorbell.notification", telemetry::Component::notification};
  std::map<store::RowKey, Progress> progress_;
};

}  // namespace porchlight::notify
