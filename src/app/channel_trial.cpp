// SPDX-License-Identifier: Apache-2.0
#include "app/channel_trial.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/terminal.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::app {
namespace {

notify::Message message_of(const notify::ChannelOptions& channel, const event::Event& event,
                           const Clock& clock) {
  notify::Route route;
  route.channel_id = channel.id;
  auto row = notify::message_of(event, route, clock.wall());
  notify::Message message{
      row, nullptr, event::header_of(event).edge, notify::words_of(row, channel.language), {}};
  message.row.payload = notify::public_payload(row);
  return message;
}

int report(const notify::Delivery& delivery, const std::string& name, bool as_json) {
  using Kind = notify::Delivery::Kind;
  const bool delivered = delivery.kind == Kind::delivered;
  if (as_json) {
    nlohmann::json object{{"channel", name}, {"delivered", delivered}};
    if (!delivered) object["error"] = delivery.text;
    std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else if (delivered) {
    std::printf("delivered by '%s'\n", name.c_str());
  }
  if (delivered) return exit_done;
  return complain("'" + name + "' did not take it: " + delivery.text,
                  delivery.kind == Kind::retry ? exit_unreachable : exit_no);
}

}  // namespace

event::Ring test_ring() {
  return {event::make_header(SystemClock()), "test", {}, event::TriggerSource::test};
}

Status can_be_tried(const notify::ChannelOptions& channel) {
  // A second client under the same id would push out the daemon, and leave its last will behind.
  if (channel.type == notify::mqtt_type)
    return Error(ErrorCode::unsupported,
                 "'" + channel.id +
                     "' goes by the broker, where the daemon is connected already: `porchlight ring` sends "
                     "a message, `porchlight doctor` tries the broker");
  return {};
}

Result<notify::Delivery> deliver_once(const notify::ChannelOptions& channel, const event::Event& event,
                                      const Clock& clock, std::stop_token stop) {
  if (auto status = can_be_tried(channel); !status) return std::move(status).error();
  const auto made = channel.make(clock);
  if (!made) return made.error();
  return (*made)->deliver(message_of(channel, event, clock), std::move(stop));
}

int try_channel(const notify::ChannelOptions& channel, const event::Event& event, const std::string& name,
                bool as_json) {
  const SystemClock clock;
  const auto delivery = deliver_once(channel, event, clock, {});
  if (delivery) return report(*delivery, name, as_json);
  return delivery.error().code() == ErrorCode::unsupported ? complain(delivery.error().text(), exit_usage)
                                                           : complain(delivery.error());
}

}  // namespace porchlight::app
