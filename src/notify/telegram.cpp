// SPDX-License-Identifier: Apache-2.0
// Bot API: https://core.telegram.org/bots/api (noted 2026-11-26).
#include "notify/telegram.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "notify/characters.hpp"
#include "notify/clip_file.hpp"
#include "notify/clipped.hpp"
#include "notify/destination.hpp"
#include "notify/factory.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {
namespace {

using nlohmann::json;

constexpr std::size_t largest_photo = 10'000'000;
constexpr std::size_t longest_text = 4096;
constexpr std::size_t longest_caption = 1024;
constexpr std::uint64_t longest_wait = 86'400;  // seconds

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_chat(std::string_view chat) {
  if (chat.starts_with('@')) return chat.size() > 1;
  return is_digits(chat.starts_with('-') ? chat.substr(1) : chat) && chat.size() <= 18;
}

bool stands_in_token(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '_' || c == '-';
}

// What of an earlier message is known: its number at Telegram, or nothing.
std::optional<std::int64_t> number_of(const Message& message, std::uint32_t sequence) {
  const auto found = message.receipts.find(sequence);
  if (found == message.receipts.end() || !is_digits(found->second) || found->second.size() > 18)
    return std::nullopt;
  return std::stoll(found->second);
}

bool has_any(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return text.find(word) != std::string::npos; });
}

std::string small(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string written(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string text_of(const Words& words, bool with_link) {
  auto text = words.title;
  if (!words.text.empty()) text += '\n' + words.text;
  if (with_link && !words.link.empty()) text += '\n' + words.link;
  return text;
}

const char* name_of(bool photo, bool edit, bool caption, bool video) {
  if (video) return "sendVideo";
  if (edit) return caption ? "editMessageCaption" : "editMessageText";
  return photo ? "sendPhoto" : "sendMessage";
}

}  // namespace

ChannelMaker read_telegram(config::Section& section, const std::string&) {
  TelegramOptions options;
  options.api = read_server(section, "api", "https://api.telegram.org");
  options.token = read_secret(section, "token", stands_in_token);
  options.api.secrets.push_back(options.token);
  options.chat = section.required_text("chat");
  if (!options.chat.empty() && !is_chat(options.chat))
    section.fault("chat", "a chat is a number, as -1001234567890, or the @name of a channel");
  options.silent = section.boolean("silent", false);
  options.phrases = read_link_words(section);
  return [options](const Clock& clock) { return Telegram::create(options, clock); };
}

Result<std::unique_ptr<Channel>> Telegram::create(TelegramOptions options, const Clock& clock) {
  auto courier = Courier::create(options.api, clock);
  if (!courier) return std::move(courier).error();
  return {std::unique_ptr<Channel>(new Telegram(std::move(options), std::move(*courier)))};
}

std::string Telegram::url_of(const char* method) const {
  return courier_.url() + "/bot" + options_.token + "/" + method;
}

Telegram::Method Telegram::method_for(const Message& message) const {
  if (message.clip) return Method::send_video;
  if (message.row.type == "ring_update" && message.row.key.sequence == name_update) {
    if (number_of(message, first_message)) return Method::edit_text;
    if (number_of(message, picture_update)) return Method::edit_caption;
  }
  return message.picture ? Method::send_photo : Method::send_message;
}

Delivery Telegram::deliver(const Message& message, std::stop_token stop) {
  // Its text stands there, and a second one would tell nothing.
  if (message.row.type == "ring_update" && message.row.key.sequence == picture_update && !message.picture &&
      number_of(message, first_message))
    return Delivery::rejected(ErrorCode::not_found, "the picture is not there any more");
  courier_.begin();
  switch (const auto method = method_for(message)) {
    case Method::send_photo:
      return send_photo(message, stop);
    case Method::send_video:
      return send_video(message, stop);
    case Method::edit_text:
    case Method::edit_caption:
      return edit(message, method, stop);
    case Method::send_message:
      break;
  }
  return call(message, Method::send_message, stop).delivery;
}

Delivery Telegram::send_photo(const Message& message, const std::stop_token& stop) {
  if (message.picture->size() > largest_photo)
    return without_photo(
        message,
        Delivery::rejected(ErrorCode::resource, "the picture has " + std::to_string(message.picture->size()) +
                                                    " bytes, and telegram takes 10 MB"),
        stop);
  auto answer = call(message, Method::send_photo, stop);
  const bool about_photo =
      answer.delivery.kind == Delivery::Kind::rejected &&
      has_any(answer.description, {"photo", "image", "file", "media", "entity too large"});
  return about_photo ? without_photo(message, std::move(answer.delivery), stop) : answer.delivery;
}

// What a film adds to the text that stands there already is itself.
Delivery Telegram::send_video(const Message& message, const std::stop_token& stop) {
  return call(message, Method::send_video, stop).delivery;
}

// Text alone: where it is known to stand there already, there is nothing to add but the refusal.
Delivery Telegram::without_photo(const Message& message, Delivery refusal, const std::stop_token& stop) {
  if (message.row.key.sequence != first_message && number_of(message, first_message)) return refusal;
  return call(message, Method::send_message, stop).delivery;
}

Delivery Telegram::edit(const Message& message, Method method, const std::stop_token& stop) {
  auto answer = call(message, method, stop);
  if (answer.delivery.kind != Delivery::Kind::rejected) return answer.delivery;
  // A repetition of what arrived.
  if (has_any(answer.description, {"message is not modified"}))
    return Delivery::delivered(
        message.receipts.at(method == Method::edit_text ? first_message : picture_update));
  // Somebody deleted it.
  if (has_any(answer.description,
              {"message to edit not found", "message can't be edited", "message_id_invalid"}))
    return call(message, Method::send_message, stop).delivery;
  return answer.delivery;
}

// Telegram takes no button with a url it does not like (a name of the house, for instance).
Telegram::Answer Telegram::call(const Message& message, Method method, const std::stop_token& stop) {
  auto answer = attempt(message, method, Link::button, stop);
  if (message.words.link.empty() || !has_any(answer.description, {"button_url_invalid", "button url"}))
    return answer;
  return attempt(message, method, Link::text, stop);
}

Telegram::Answer Telegram::attempt(const Message& message, Method method, Link link,
                                   const std::stop_token& stop) {
  const bool photo = method == Method::send_photo;
  const bool video = method == Method::send_video;
  const bool caption = method == Method::edit_caption;
  const auto fields = fields_for(message, method, link);
  http::ClientRequest request;
  request.method = "POST";
  request.url = url_of(name_of(photo, caption || method == Method::edit_text, caption, video));
  std::vector<std::string> values;  // what the parts point to
  if (photo || video) {
    values.reserve(fields.size());
    for (const auto& [name, value] : fields.items())
      request.parts.push_back({name, "", "", values.emplace_back(written(value))});
    if (photo) {
      request.parts.push_back({"photo", "image/jpeg", "snapshot.jpg", characters_of(*message.picture)});
    } else {
      const auto file = clip_file_of(message.clip);
      request.parts.push_back({"video", file.type, file.name, characters_of(*message.clip)});
    }
  } else {
    request.content_type = "application/json";
    request.body = written(fields);
  }
  const auto response = courier_.send(std::move(request), stop);
  if (!response) return {Courier::unanswered(response.error()), {}};
  return judge(*response);
}

Telegram::Answer Telegram::judge(const http::ClientResponse& response) const {
  const bool success = response.status >= 200 && response.status < 300;
  const auto body = json::parse(response.body, nullptr, false);
  if (success && body.is_object() && body.value("ok", json(false)) == true) {
    const auto number = body.value("/result/message_id"_json_pointer, json());
    return {Delivery::delivered(number.is_number_integer() ? number.dump() : ""), {}};
  }
  if (success) return {courier_.not_understood(response, "'ok'"), {}};
  if (!body.is_object()) return {courier_.judge(response), {}};
  const auto description = body.value("description", json(""));
  auto words = description.is_string() ? description.get<std::string>() : std::string();
  Answer answer{{}, small(words)};
  const auto moved = body.value("/parameters/migrate_to_chat_id"_json_pointer, json());
  if (moved.is_number_integer()) words += "; the chat's number is now " + moved.dump();
  answer.delivery = courier_.judge(response, words);
  const auto wait = body.value("/parameters/retry_after"_json_pointer, json());
  if (answer.delivery.kind == Delivery::Kind::retry && wait.is_number_unsigned())
    answer.delivery.retry_after = std::chrono::seconds(std::min(wait.get<std::uint64_t>(), longest_wait));
  return answer;
}

json Telegram::fields_for(const Message& message, Method method, Link link) const {
  json fields;
  if (is_chat(options_.chat) && !options_.chat.starts_with('@'))
    fields["chat_id"] = std::stoll(options_.chat);
  else
    fields["chat_id"] = options_.chat;
  const auto sequence = message.row.key.sequence;
  const auto first = number_of(message, first_message);
  if (method == Method::edit_text) fields["message_id"] = *first;
  if (method == Method::edit_caption) fields["message_id"] = *number_of(message, picture_update);
  const bool file = method == Method::send_photo || method == Method::send_video;
  const bool sends = method == Method::send_message || file;
  if (method == Method::send_video) fields["supports_streaming"] = true;
  // A phone that has rung for the text need not ring again for its picture, name or film.
  const bool quiet = message.row.type == "ring_update" || method == Method::send_video ||
                     (options_.silent && !message.words.critical);
  if (sends && quiet) fields["disable_notification"] = true;
  const bool is_reply = sends && sequence != first_message && first;
  if (is_reply) fields["reply_parameters"] = {{"message_id", *first}, {"allow_sending_without_reply", true}};
  // The picture stands below its text.
  if (!is_reply || !file) add_text(fields, message, method, link);
  return fields;
}

// The title is bold by an entity, not by markup: nothing in a name can break it.
void Telegram::add_text(json& fields, const Message& message, Method method, Link link) const {
  const bool caption =
      method == Method::send_photo || method == Method::send_video || method == Method::edit_caption;
  const auto& words = message.words;
  const auto most = caption ? longest_caption : longest_text;
  fields[caption ? "caption" : "text"] = clipped_units(text_of(words, link == Link::text), most);
  fields[caption ? "caption_entities" : "entities"] =
      json::array({{{"type", "bold"}, {"offset", 0}, {"length", std::min(units_of(words.title), most)}}});
  if (words.link.empty()) return;
  if (link == Link::button)
    fields["reply_markup"] = {
        {"inline_keyboard",
         json::array({json::array({{{"text", options_.phrases.look}, {"url", words.link}}})})}};
  else if (!caption)
    fields["link_preview_options"] = {{"is_disabled", true}};
}

Status Telegram::reach(std::stop_token stop) {
  courier_.begin();
  if (auto connected = courier_.reach(stop); !connected) return connected;
  http::ClientRequest request;
  request.method = "POST";
  request.url = url_of("getChat");
  request.content_type = "application/json";
  request.body = json{{"chat_id", options_.chat}}.dump(-1, ' ', false, json::error_handler_t::replace);
  const auto response = courier_.send(std::move(request), stop);
  if (!response) return response.error();
  const auto answer = judge(*response);
  if (answer.delivery.kind == Delivery::Kind::delivered) return {};
  const bool ours = answer.delivery.kind == Delivery::Kind::rejected;
  return Error(ours ? ErrorCode::auth : ErrorCode::unavailable, answer.delivery.text);
}

}  // namespace porchlight::notify
