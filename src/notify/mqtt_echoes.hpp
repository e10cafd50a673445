// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"

namespace porchlight::notify {

// Whether a broker hands on what it let us subscribe to. mosquitto's acl_file grants every subscription and
// keeps the messages back without a word; but what we publish ourselves to a topic that we read has to come
// back. One connection's, one thread.
class MqttEchoes {
 public:
  // From an acknowledgement to when a broker that is only slow would have been heard.
  static constexpr std::chrono::seconds patience{10};

  // Anew, too: what is due already stays due.
  void subscribed(const std::string& filter) { filters_.try_emplace(filter); }
  void refused(const std::string& filter) { filters_.erase(filter); }
  // Whether a publication of now should come back and nothing has come yet.
  bool expects(const std::string& topic) const;
  // The broker has one that should.
  void taken(const std::string& topic);
  // Something came: who hands on one message is not asked again.
  void heard(const std::string& topic);
  // Filters whose patience is over, each once.
  std::vector<std::string> silent(MonotonicTime now);

 private:
  struct Silence {
    bool is_due = false;
    std::optional<MonotonicTime> since;
  };
  std::map<std::string, Silence> filters_;  // from which nothing has come yet
};

}  // namespace porchlight::notify
