// SPDX-License-Identifier: Apache-2.0
// https://docs.ntfy.sh/publish/ (noted 2026-11-26).
#include "notify/ntfy.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "notify/characters.hpp"
#include "notify/clip_file.hpp"
#include "notify/clipped.hpp"
#include "notify/destination.hpp"
#include "notify/encoded_word.hpp"
#include "notify/factory.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {
namespace {

using nlohmann::json;

constexpr std::size_t longest_topic = 64;
// A message of 4,096 bytes or more becomes a text file, a title of more than 1 KB is refused.
constexpr std::size_t longest_message = 4000;
constexpr std::size_t longest_title = 1000;
constexpr int urgent = 5;
constexpr int soundless = 2;

bool stands_in_topic(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}
bool stands_in_header(char c) {
  return c > ' ' && c < 0x7f;
}
bool stands_in_password(char c) {
  return c != '\r' && c != '\n';
}

// Of one line, by https://docs.ntfy.sh/emojis/.
const char* tag_of(const Message& message) {
  const auto& type = message.row.type;
  if (message.words.critical) return "rotating_light";
  if (type.starts_with("ring")) return "bell";
  if (type == "sighting") return "bust_in_silhouette";
  return type == "camera_back" ? "white_check_mark" : "warning";
}

// What belongs to a ring replaces it on the phone; what is said about it later stands beside it.
std::string sequence_id_of(const Message& message) {
  const auto& key = message.row.key;
  const bool own =
      key.sequence != first_message && (message.row.type != "ring_update" || key.sequence == clip_update);
  return own ? key.event_id.text() + "-" + std::to_string(key.sequence) : key.event_id.text();
}

std::string message_of(const Words& words) {
  // An empty message would read "triggered".
  return clipped_bytes(words.text.empty() ? words.title : words.text, longest_message);
}

// Where the server keeps the picture of this event: a message that replaces another has to bring it along.
std::string picture_of(const Message& message) {
  if (message.row.type != "ring_update") return {};
  const auto found = message.receipts.find(picture_update);
  if (found == message.receipts.end() || !found->second.starts_with("http")) return {};
  return found->second;
}

std::string read_authorization(config::Section& section, Destination& server) {
  if (section.has("token")) {
    if (section.has("user")) section.fault("token", "either a token, or user and password");
    server.secrets.push_back(read_secret(section, "token", stands_in_header));
    static_cast<void>(section.text("user", "") + section.text("password", ""));
    return "Bearer " + server.secrets.back();
  }
  if (!section.has("user") && !section.has("password")) return {};
  const auto user = read_secret(section, "user", stands_in_password);
  if (user.find(':') != std::string::npos) section.fault("user", "a user has no ':' in the name");
  server.secrets.push_back(read_secret(section, "password", stands_in_password));
  const auto encoded = base64_of(user + ":" + server.secrets.back());
  server.secrets.push_back(encoded);
  return "Basic " + encoded;
}

int read_priority(config::Section& section) {
  static constexpr std::array<std::string_view, 5> words{"min", "low", "default", "high", "max"};
  const auto word = section.choice("priority", "high", {"min", "low", "default", "high", "max"});
  return static_cast<int>(std::find(words.begin(), words.end(), word) - words.begin()) + 1;
}

}  // namespace

ChannelMaker read_ntfy(config::Section& section, const std::string&) {
  NtfyOptions options;
  options.server = read_server(section, "url", "https://ntfy.sh");
  options.topic = read_secret(section, "topic", stands_in_topic);
  if (options.topic.size() > longest_topic) section.fault("topic", "a topic has 64 characters at most");
  options.server.secrets.push_back(options.topic);
  options.authorization = read_authorization(section, options.server);
  options.priority = read_priority(section);
  options.phrases = read_link_words(section);
  return [options](const Clock& clock) { return Ntfy::create(options, clock); };
}

Result<std::unique_ptr<Channel>> Ntfy::create(NtfyOptions options, const Clock& clock) {
  auto courier = Courier::create(options.server, clock);
  if (!courier) return std::move(courier).error();
  return {std::unique_ptr<Channel>(new Ntfy(std::move(options), std::move(*courier)))};
}

int Ntfy::priority_of(const Message& message) const {
  if (message.row.type == "ring_update" || message.clip) return soundless;
  return message.words.critical ? urgent : options_.priority;
}

json Ntfy::actions_for(const Message& message) const {
  if (message.words.link.empty()) return json::array();
  return {
      {{"action", "view"}, {"label", options_.phrases.look}, {"url", message.words.link}, {"clear", true}},
      {{"action", "http"},
       {"label", options_.phrases.acknowledge},
       {"url", message.words.link},
       {"method", "POST"},
       {"headers", {{"Content-Type", "application/x-www-form-urlencoded"}}},
       {"body", "action=acknowledge"},
       {"clear", true}}};
}

http::ClientRequest Ntfy::text_request(const Message& message) const {
  json body{{"topic", options_.topic},
            {"title", clipped_bytes(message.words.title, longest_title)},
            {"message", message_of(message.words)},
            {"priority", priority_of(message)},
            {"tags", json::array({tag_of(message)})},
            {"sequence_id", sequence_id_of(message)}};
  if (!message.words.link.empty()) {
    body["click"] = message.words.link;
    body["actions"] = actions_for(message);
  }
  if (const auto picture = picture_of(message); !picture.empty()) {
    body["attach"] = picture;
    body["filename"] = "snapshot.jpg";
  }
  http::ClientRequest request;
  request.method = "POST";
  request.url = courier_.url() + "/";
  request.content_type = "application/json";
  request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return request;
}

// The picture or film is the body; what the JSON would say stands in headers.
http::ClientRequest Ntfy::picture_request(const Message& message) const {
  const auto& words = message.words;
  http::ClientRequest request;
  request.method = "PUT";
  request.url = courier_.url() + "/" + options_.topic;
  const auto file = message.clip ? clip_file_of(message.clip) : ClipFile{"snapshot.jpg", "image/jpeg"};
  request.content_type = file.type;
  request.borrowed_body = characters_of(message.clip ? *message.clip : *message.picture);
  request.headers = {{"X-Filename", file.name},
                     {"X-Title", encoded_words(clipped_bytes(words.title, longest_title))},
                     {"X-Message", encoded_words(message_of(words))},
                     {"X-Priority", std::to_string(priority_of(message))},
                     {"X-Tags", tag_of(message)},
                     {"X-Sequence-ID", sequence_id_of(message)}};
  if (words.link.empty()) return request;
  request.headers.emplace_back("X-Click", encoded_words(words.link));
  request.headers.emplace_back(
      "X-Actions", encoded_words(actions_for(message).dump(-1, ' ', false, json::error_handler_t::replace)));
  return request;
}

Delivery Ntfy::judge(const http::ClientResponse& response, bool& about_picture) const {
  const auto body = json::parse(response.body, nullptr, false);
  const auto text = [&body](const char* key) {
    const auto found = body.is_object() ? body.value(key, json("")) : json("");
    return found.is_string() ? found.get<std::string>() : std::string();
  };
  if (response.status >= 200 && response.status < 300) {
    if (text("id").empty()) return courier_.not_understood(response, "'id'");
    const auto kept = body.value("/attachment/url"_json_pointer, json());
    return Delivery::delivered(kept.is_string() ? kept.get<std::string>() : text("id"));
  }
  const auto error = text("error");
  about_picture =
      response.status == 413 || (response.status == 400 && error.find("attachment") != std::string::npos);
  return error.empty() ? courier_.judge(response) : courier_.judge(response, error);
}

Delivery Ntfy::deliver(const Message& message, std::stop_token stop) {
  courier_.begin();
  const auto attempt = [&](http::ClientRequest request, bool& about_picture) {
    if (!options_.authorization.empty())
      request.headers.emplace_back("Authorization", options_.authorization);
    const auto response = courier_.send(std::move(request), stop);
    return response ? judge(*response, about_picture) : Courier::unanswered(response.error());
  };
  bool about_picture = false;
  if (message.picture || message.clip) {
    auto delivery = attempt(picture_request(message), about_picture);
    // Text alone; where it is known to stand there already, there is nothing to add but the refusal.
    const bool text_is_there =
        message.row.key.sequence != first_message && message.receipts.contains(first_message);
    if (!about_picture || text_is_there) return delivery;
  }
  return attempt(text_request(message), about_picture);
}

}  // namespace porchlight::notify
