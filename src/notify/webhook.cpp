// SPDX-License-Identifier: Apache-2.0
#include "notify/webhook.hpp"

#include "notify/characters.hpp"
#include "notify/clip_file.hpp"
#include "notify/cloud_event.hpp"
#include "notify/destination.hpp"
#include "notify/factory.hpp"
#include "notify/signature.hpp"

namespace porchlight::notify {
namespace {

// Bytes that would end the header line are refused here, where the user can be told.
bool read_header(const std::string& line, std::pair<std::string, std::string>& header) {
  const auto colon = line.find(':');
  if (colon == std::string::npos || colon == 0 || line.find_first_of("\r\n") != std::string::npos)
    return false;
  header.first = line.substr(0, colon);
  if (header.first.find_first_of(" \t\"(),/;<=>?@[\\]{}") != std::string::npos) return false;
  const auto value = line.find_first_not_of(' ', colon + 1);
  header.second = value == std::string::npos ? "" : line.substr(value);
  return true;
}

void read_headers(config::Section& section, WebhookOptions& options) {
  for (const auto& line : section.text_list("headers")) {
    std::pair<std::string, std::string> header;
    if (!read_header(line, header)) {
      section.fault("headers", "a header is written as \"Name: value\"");
      continue;
    }
    options.headers.push_back(std::move(header));
  }
}

void read_cloud_events(config::Section& section, WebhookOptions& options) {
  const bool wanted = section.choice("format", "json", {"json", "cloudevents"}) == "cloudevents";
  const auto source = section.text("source", "/porchlight");
  if (!wanted && section.has("source")) section.fault("source", "belongs to 'format: cloudevents'");
  if (source.empty()) section.fault("source", "a CloudEvent's source is not empty");
  if (wanted) options.cloud_event_source = source;
}

}  // namespace

ChannelMaker read_webhook(config::Section& section, const std::string&) {
  WebhookOptions options;
  auto destination = read_destination(section);
  options.url = std::move(destination.url);
  options.client = std::move(destination.client);
  read_headers(section, options);
  read_cloud_events(section, options);
  options.secret = section.text("secret", "");
  if (section.has("secret") && section.raw_text("secret").empty())
    section.fault("secret", "an empty secret signs nothing: leave the key out");
  return [options](const Clock& clock) { return Webhook::create(options, clock); };
}

Result<std::unique_ptr<Channel>> Webhook::create(WebhookOptions options, const Clock& clock) {
  Destination destination{options.url, options.client, {options.secret}};
  for (const auto& [name, value] : options.headers) destination.secrets.push_back(value);
  auto courier = Courier::create(std::move(destination), clock);
  if (!courier) return std::move(courier).error();
  return {std::unique_ptr<Channel>(new Webhook(std::move(options), std::move(*courier), clock))};
}

http::ClientRequest Webhook::request_for(const Message& message) const {
  const auto& row = message.row;
  http::ClientRequest request;
  request.method = "POST";
  request.url = courier_.url();
  request.headers = options_.headers;
  request.headers.emplace_back("Idempotency-Key",
                               row.key.event_id.text() + ":" + std::to_string(row.key.sequence));
  request.headers.emplace_back("X-Porchlight-Event", row.type);
  if (!row.traceparent.empty()) request.headers.emplace_back("traceparent", row.traceparent);
  if (!options_.cloud_event_source.empty()) {
    request.content_type = cloud_event_type;
    request.body = cloud_event_of(message, options_.cloud_event_source);
  } else if (message.picture || message.clip) {
    request.parts.push_back({"event", "application/json", "", row.payload});
    if (message.picture)
      request.parts.push_back({"picture", "image/jpeg", "snapshot.jpg", characters_of(*message.picture)});
    if (message.clip) {
      const auto file = clip_file_of(message.clip);
      request.parts.push_back({"clip", file.type, file.name, characters_of(*message.clip)});
    }
  } else {
    request.content_type = "application/json";
    request.body = row.payload;
  }
  if (!options_.secret.empty()) {
    const auto& text = request.parts.empty() ? request.body : row.payload;
    request.headers.emplace_back("X-Porchlight-Signature",
                                 signature_of(options_.secret, text, clock_.wall()));
  }
  return request;
}

Delivery Webhook::deliver(const Message& message, std::stop_token stop) {
  courier_.begin();
  const auto response = courier_.send(request_for(message), stop);
  return response ? courier_.judge(*response) : Courier::unanswered(response.error());
}

}  // namespace porchlight::notify
