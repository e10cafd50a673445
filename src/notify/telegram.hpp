// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "notify/courier.hpp"
#include "notify/link_words.hpp"

namespace porchlight::notify {

struct TelegramOptions {
  Destination api;
  std::string token;
  std::string chat;  // a number, or @name of a channel
  bool silent = false;
  LinkWords phrases{};
};

// A bot writes into a chat: the text at once, the picture as a reply to it, and the name into the text
// that stands there already. The receipt is Telegram's message_id.
class Telegram final : public Channel {
 public:
  static Result<std::unique_ptr<Channel>> create(TelegramOptions options, const Clock& clock);
  Delivery deliver(const Message& message, std::stop_token stop) override;
  // Asks for the chat: tells of a wrong token and a wrong chat without writing anything.
  Status reach(std::stop_token stop) override;

 private:
  enum class Method : std::uint8_t { send_message, send_photo, send_video, edit_text, edit_caption };
  enum class Link : std::uint8_t { button, text };
  struct Answer {
    Delivery delivery;
    std::string description;  // the server's words, in small letters; of a refusal
  };

  Telegram(TelegramOptions options, Courier courier)
      : options_(std::move(options)), courier_(std::move(courier)) {}
  Method method_for(const Message& message) const;
  Answer call(const Message& message, Method method, const std::stop_token& stop);
  Answer attempt(const Message& message, Method method, Link link, const std::stop_token& stop);
  Answer judge(const http::ClientResponse& response) const;
  Delivery send_photo(const Message& message, const std::stop_token& stop);
  Delivery send_video(const Message& message, const std::stop_token& stop);
  Delivery without_photo(const Message& message, Delivery refusal, const std::stop_token& stop);
  Delivery edit(const Message& message, Method method, const std::stop_token& stop);
  nlohmann::json fields_for(const Message& message, Method method, Link link) const;
  void add_text(nlohmann::json& fields, const Message& message, Method method, Link link) const;
  std::string url_of(const char* method) const;

  const TelegramOptions options_;
  Courier courier_;
};

}  // namespace porchlight::notify
