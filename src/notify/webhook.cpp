// SPDX-License-Identifier: Apache-2.0
#include "notify/webhook.hpp"

#include "notify/factory.hpp"
#include "notify/retry_after.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;

std::string_view characters(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_worth_repeating(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

// A certificate may be mended while the message is still worth something, so `auth` is repeated too.
bool is_worth_repeating(ErrorCode code) {
  return code != ErrorCode::invalid_argument && code != ErrorCode::internal;
}

std::string url_fault(const std::string& url) {
  const auto colon = url.find("://");
  if (colon == std::string::npos) return "a webhook's url begins with https:// or http://";
  const auto scheme = url.substr(0, colon);
  if (scheme != "http" && scheme != "https") {
    const auto near = config::suggestion(scheme, {"http", "https"});
    return "unknown scheme '" + scheme + "'" +
           (near ? " (did you mean '" + *near + "'?)" : " (https or http)");
  }
  return url.size() > colon + 3 && url[colon + 3] != '/' ? "" : "the url names no host";
}

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

}  // namespace

ChannelMaker read_webhook(config::Section& section, const std::string& id) {
  WebhookOptions options;
  options.url = section.required_text("url");
  if (!options.url.empty())
    if (auto fault = url_fault(options.url); !fault.empty()) section.fault("url", fault);
  options.client.ca_file = section.text("ca_file", "");
  options.client.total_timeout = section.duration("timeout", 15s, 1s, 60s);
  options.client.connect_timeout = std::min<std::chrono::milliseconds>(5s, options.client.total_timeout);
  for (const auto& line : section.text_list("headers")) {
    std::pair<std::string, std::string> header;
    if (read_header(line, header))
      options.headers.push_back(std::move(header));
    else
      section.fault("headers", "a header is written as \"Name: value\"");
  }
  static_cast<void>(id);
  return [options](const Clock& clock) { return Webhook::create(options, clock); };
}

Result<std::unique_ptr<Channel>> Webhook::create(WebhookOptions options, const Clock& clock) {
  auto client = http::Client::create(options.client);
  if (!client) return std::move(client).error();
  return {std::unique_ptr<Channel>(new Webhook(std::move(options), std::move(*client), clock))};
}

http::ClientRequest Webhook::request_for(const Message& message) const {
  const auto& row = message.row;
  http::ClientRequest request;
  request.method = "POST";
  request.url = options_.url;
  request.headers = options_.headers;
  request.headers.emplace_back("Idempotency-Key",
                               row.key.event_id.text() + ":" + std::to_string(row.key.sequence));
  request.headers.emplace_back("X-Porchlight-Event", row.type);
  if (!row.traceparent.empty()) request.headers.emplace_back("traceparent", row.traceparent);
  if (message.picture) {
    request.parts.push_back({"event", "application/json", "", row.payload});
    request.parts.push_back({"picture", "image/jpeg", "snapshot.jpg", characters(*message.picture)});
  } else {
    request.content_type = "application/json";
    request.body = row.payload;
  }
  return request;
}

Delivery Webhook::judge(const http::ClientResponse& response) const {
  if (response.status >= 200 && response.status < 300) return Delivery::delivered();
  const auto text =
      "post '" + http::printable_origin(options_.url) + "': answered " + std::to_string(response.status);
  if (is_worth_repeating(response.status))
    return Delivery::retry(response.status == 429 ? ErrorCode::resource : ErrorCode::unavailable, text,
                           parse_retry_after(response.header("retry-after"), clock_.wall()));
  const bool forbidden = response.status == 401 || response.status == 403;
  return Delivery::rejected(forbidden ? ErrorCode::auth : ErrorCode::invalid_argument, text);
}

Delivery Webhook::deliver(const Message& message, std::stop_token stop) {
  const auto response = client_.send(request_for(message), stop);
  if (response) return judge(*response);
  const auto& error = response.error();
  if (is_worth_repeating(error.code())) return Delivery::retry(error.code(), error.text());
  return Delivery::rejected(error.code(), error.text());
}

}  // namespace porchlight::notify
