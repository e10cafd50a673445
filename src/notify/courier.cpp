// SPDX-License-Identifier: Apache-2.0
#include "notify/courier.hpp"

#include <algorithm>

#include "notify/clipped.hpp"
#include "notify/retry_after.hpp"

namespace porchlight::notify {
namespace {

constexpr std::size_t longest_quotation = 200;
// Shorter ones would mask half of every sentence.
constexpr std::size_t shortest_secret = 4;
constexpr std::size_t shortest_piece = 12;

bool is_worth_repeating(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

bool is_worth_repeating(ErrorCode code) {
  return code != ErrorCode::invalid_argument && code != ErrorCode::internal;
}

ErrorCode code_of(int status) {
  if (status == 429) return ErrorCode::resource;
  if (is_worth_repeating(status)) return ErrorCode::unavailable;
  return status == 401 || status == 403 ? ErrorCode::auth : ErrorCode::invalid_argument;
}

// Path, query and login of a URL: some services have their whole secret there, and repeat a piece of it.
void add_hidden_parts(const std::string& url, std::vector<std::string>& secrets) {
  const auto begin = url.find("://");
  if (begin == std::string::npos) return;
  const auto path = std::min(url.find_first_of("/?#", begin + 3), url.size());
  secrets.push_back(url.substr(path));
  for (auto at = path; at < url.size();) {
    const auto end = std::min(url.find_first_of("/?#&=", at), url.size());
    if (end - at >= shortest_piece) secrets.push_back(url.substr(at, end - at));
    at = end + 1;
  }
  const auto authority = url.substr(begin + 3, path - begin - 3);
  if (const auto at = authority.rfind('@'); at != std::string::npos)
    secrets.push_back(authority.substr(0, at));
}

}  // namespace

Courier::Courier(Destination destination, http::Client client, const Clock& clock)
    : destination_(std::move(destination)), client_(std::move(client)), clock_(&clock) {
  add_hidden_parts(destination_.url, destination_.secrets);
  std::erase_if(destination_.secrets,
                [](const std::string& secret) { return secret.size() < shortest_secret; });
  // The longer first: one may be part of another.
  std::sort(destination_.secrets.begin(), destination_.secrets.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  begin();
}

Result<Courier> Courier::create(Destination destination, const Clock& clock) {
  auto client = http::Client::create(destination.client);
  if (!client) return std::move(client).error();
  return Courier(std::move(destination), std::move(*client), clock);
}

void Courier::begin() {
  deadline_ = clock_->now() + destination_.client.total_timeout;
}

Result<http::ClientResponse> Courier::send(http::ClientRequest request, std::stop_token stop) {
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - clock_->now());
  auto response = client_.send(request, std::move(stop));
  if (response) return response;
  return Error(response.error().code(), masked(response.error().text()));
}

std::string Courier::masked(std::string text) const {
  static constexpr std::string_view mask = "…";
  for (const auto& secret : destination_.secrets)
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + mask.size()))
      text.replace(at, secret.size(), mask);
  return text;
}

std::string Courier::quotable(std::string_view words) const {
  const auto first = words.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || words[first] == '<') return "";
  // Masked before it is cut: half a secret would not be found.
  return one_line_of(masked(std::string(words.substr(first))), longest_quotation);
}

std::string Courier::about(const http::ClientResponse& response, std::string_view words) const {
  auto text =
      "post '" + http::printable_origin(destination_.url) + "': answered " + std::to_string(response.status);
  const auto said = quotable(words);
  // An empty JSON object says nothing.
  return said.empty() || said == "{}" ? text : text + ": " + said;
}

Delivery Courier::judge(const http::ClientResponse& response, std::string_view words) const {
  if (response.status >= 200 && response.status < 300) return Delivery::delivered();
  const auto code = code_of(response.status);
  if (is_worth_repeating(response.status))
    return Delivery::retry(code, about(response, words),
                           parse_retry_after(response.header("retry-after"), clock_->wall()));
  return Delivery::rejected(code, about(response, words));
}

Delivery Courier::unanswered(const Error& error) {
  if (is_worth_repeating(error.code())) return Delivery::retry(error.code(), error.text());
  return Delivery::rejected(error.code(), error.text());
}

Delivery Courier::not_understood(const http::ClientResponse& response, std::string_view expected) const {
  return Delivery::retry(ErrorCode::unavailable, about(response, "") + " without " + std::string(expected) +
                                                     ": something else answers there");
}

}  // namespace porchlight::notify
