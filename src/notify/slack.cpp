// SPDX-License-Identifier: Apache-2.0
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
// https://docs.slack.dev/messaging/formatting-message-text (noted 2026-11-26).
#include "notify/slack.hpp"

#include <nlohmann/json.hpp>

#include "notify/clipped.hpp"
#include "notify/destination.hpp"
#include "notify/factory.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::notify {
namespace {

using nlohmann::json;

// A section block's text has at most 3,000 characters: title, text and what is around them.
constexpr std::size_t longest_title = 400;
constexpr std::size_t longest_text = 2500;

// Mrkdwn knows three control characters; an asterisk or underscore of a name is left to look as it does.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

// As much of the text as is within `most` characters after its escape.
std::string escaped_within(std::string_view text, std::size_t most) {
  auto out = escaped(clipped_units(text, most));
  for (auto raw = most; units_of(out) > most;) out = escaped(clipped_units(text, raw /= 2));
  return out;
}

json section_of(std::string text) {
  return {{"type", "section"}, {"text", {{"type", "mrkdwn"}, {"text", std::move(text)}}}};
}

}  // namespace

ChannelMaker read_slack(config::Section& section, const std::string&) {
  SlackOptions options;
  options.webhook = read_destination(section);
  options.phrases = read_link_words(section);
  return [options](const Clock& clock) { return Slack::create(options, clock); };
}

Result<std::unique_ptr<Channel>> Slack::create(SlackOptions options, const Clock& clock) {
  auto courier = Courier::create(options.webhook, clock);
  if (!courier) return std::move(courier).error();
  return {std::unique_ptr<Channel>(new Slack(std::move(options), std::move(*courier)))};
}

std::string Slack::body_for(const Words& words) const {
  const auto title = escaped_within(words.title, longest_title);
  const auto text = escaped_within(words.text, longest_text);
  auto blocks = json::array({section_of("*" + title + "*" + (text.empty() ? "" : "\n" + text))});
  // A link, not a button: a button wants a server that answers Slack's clicks.
  if (!words.link.empty())
    blocks.push_back(section_of("<" + escaped(words.link) + "|" + escaped(options_.phrases.look) + ">"));
  // `text` is what a phone's notification shows.
  return json{{"text", title}, {"blocks", blocks}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

Delivery Slack::deliver(const Message& message, std::stop_token stop) {
  if (message.row.type == "ring_update" && message.row.key.sequence == picture_update)
    return Delivery::delivered();
  courier_.begin();
  http::ClientRequest request;
  request.method = "POST";
  request.url = courier_.url();
  request.content_type = "application/json";
  request.body = body_for(message.words);
  const auto response = courier_.send(std::move(request), stop);
  if (!response) return Courier::unanswered(response.error());
  if (response->status == 200 && response->body != "ok") return courier_.not_understood(*response, "'ok'");
  return courier_.judge(*response);
}

}  // namespace porchlight::notify
