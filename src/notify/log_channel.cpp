// SPDX-License-Identifier: Apache-2.0
// Writes each message into the program's log: a channel that needs nothing and nobody.
#include "notify/factory.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::notify {
namespace {

class LogChannel final : public Channel {
 public:
  explicit LogChannel(std::string id)
      : id_(std::move(id)), log_("doorbell.notification", telemetry::Component::notification) {}

  // Names of persons stay out of logs: the payload itself is not written.
  Delivery deliver(const Message& message, std::stop_token) override {
    const auto& row = message.row;
    log_.info("notification",
              {{"event_id", row.key.event_id.text()},
               {"channel_id", id_},
               {"type", row.type},
               {"notification_type", row.label},
               {"sequence", std::int64_t{row.key.sequence}},
               {"picture_bytes",
                message.picture ? static_cast<std::int64_t>(message.picture->size()) : std::int64_t{0}}});
    return Delivery::delivered();
  }
  Status reach(std::stop_token) override { return {}; }

 private:
  const std::string id_;
  const telemetry::Logger log_;
};

}  // namespace

ChannelMaker read_log_channel(config::Section&, const std::string& id) {
  return
      [id](const Clock&) -> Result<std::unique_ptr<Channel>> { return {std::make_unique<LogChannel>(id)}; };
}

}  // namespace porchlight::notify
