// SPDX-License-Identifier: Apache-2.0
#include "notify/sink.hpp"

namespace porchlight::notify {
namespace {

std::vector<std::string> command_of(const std::string& service, const std::vector<std::string>& answers) {
  std::vector<std::string> command{"/usr/bin/python3", "-B", "-u",
                                   PORCHLIGHT_SOURCE_DIR "/tests/notify/sinks/" + service + ".py"};
  command.insert(command.end(), answers.begin(), answers.end());
  return command;
}

}  // namespace

Sink::Sink(const std::string& service, const std::vector<std::string>& answers)
    : child_(command_of(service, answers), {}) {
  auto lines = child_.read_lines(1);
  if (lines.empty()) {
    ADD_FAILURE() << service << " did not start";
    return;
  }
  port_ = lines.front();
  lines_.assign(lines.begin() + 1, lines.end());
}

nlohmann::json Sink::next_of_any_kind() {
  if (lines_.empty()) lines_ = child_.read_lines(1);
  if (lines_.empty()) {
    ADD_FAILURE() << "the service ended";
    return nlohmann::json::object();
  }
  auto object = nlohmann::json::parse(lines_.front());
  lines_.erase(lines_.begin());
  return object;
}

nlohmann::json Sink::next() {
  auto object = next_of_any_kind();
  EXPECT_FALSE(object.contains("refused")) << object["refused"];
  return object;
}

Message ring_message(std::uint32_t sequence) {
  auto message = message_of_type(sequence == 0 ? "ring" : "ring_update", {{"camera", "porch"}});
  message.row.key.sequence = sequence;
  message.words.title = sequence == 2 ? "Someone is at the door: Zoë" : "Someone is at the door";
  message.words.text = "Camera: porch\nTime: 22:13";
  return message;
}

Message message_of_type(const std::string& type, const nlohmann::json& payload) {
  Message message;
  message.row.key = {*event::EventId::parse("018bcfe5-6800-7abc-8def-0123456789ab"), "phone", 0};
  message.row.type = type;
  auto object = payload;
  object.update({{"id", message.row.key.event_id.text()}, {"type", type}});
  message.row.payload = object.dump();
  message.row.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  message.row.happened = WallTime{std::chrono::seconds{1'700'000'000}};
  message.words = {"A title", "A text", "", false};
  return message;
}

store::JpegBytes small_picture() {
  std::vector<std::uint8_t> bytes{0xff, 0xd8, 0xff, 0xe0, 0x00, 0x0d, 0x0a};
  for (int i = 0; i < 50'000; ++i) bytes.push_back(static_cast<std::uint8_t>(i * i));
  return std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
}

}  // namespace porchlight::notify
