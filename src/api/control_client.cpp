// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/control_client.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "porchlight/base/unique_fd.hpp"
#include "porchlight/http/client.hpp"

namespace porchlight::api {
namespace {

constexpr std::chrono::milliseconds connect_limit{1'000};
constexpr std::chrono::milliseconds look_limit{5'000};
// Beyond the daemon's own deadlines, so that it is the daemon that says what took too long.
constexpr std::chrono::milliseconds ring_limit{7'000};
constexpr std::chrono::milliseconds reload_limit{35'000};
constexpr std::size_t largest_log = std::size_t{4} << 20;  // 200 records of 16 KiB

std::string asking(const std::filesystem::path& socket) {
  return "ask the daemon at '" + socket.native() + "'";
}

// curl reports every failed connection alike; people want to know whether the daemon runs.
Status reachable(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) {
    return Error(ErrorCode::invalid_argument, asking(path) + ": the path is too long for a socket");
  }
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return errno_error(errno, asking(path));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
  if (errno == EAGAIN) return {};  // a full backlog; the real connection may wait its turn
  if (errno == ENOENT)
    return Error(ErrorCode::not_found, asking(path) + ": no socket there, the daemon does not run");
  if (errno == ECONNREFUSED) {
    return Error(ErrorCode::unavailable, asking(path) + ": nobody listens, the daemon does not run");
  }
  if (errno == EACCES || errno == EPERM) {
    return Error(ErrorCode::permission_denied, asking(path) + ": permission denied");
  }
  return errno_error(errno, asking(path));
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (plain) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += digits[byte >> 4];
    encoded += digits[byte & 15];
  }
  return encoded;
}

}  // namespace

std::string ControlAnswer::problem() const {
  if (ok()) return {};
  const auto document = nlohmann::json::parse(body, nullptr, false);
  if (!document.is_object()) return "status " + std::to_string(status);
  std::string text = document.value("detail", "status " + std::to_string(status));
  if (const auto faults = document.find("faults"); faults != document.end() && faults->is_array()) {
    for (const auto& fault : *faults) {
      if (fault.is_string()) text += "\n" + fault.get<std::string>();
    }
  }
  return text;
}

Result<ControlAnswer> ControlClient::ring(std::string_view button_id) const {
  return call("POST", "/api/v1/buttons/" + percent_encoded(button_id) + "/ring", ring_limit);
}

Result<ControlAnswer> ControlClient::test_output(std::string_view output_id) const {
  return call("POST", "/api/v1/outputs/" + percent_encoded(output_id) + "/test", ring_limit);
}

Result<ControlAnswer> ControlClient::status() const {
  return call("GET", "/api/v1/status", look_limit);
}

Result<ControlAnswer> ControlClient::reload() const {
  return call("POST", "/api/v1/reload", reload_limit);
}

Result<ControlAnswer> ControlClient::faces_changed() const {
  return call("POST", "/api/v1/faces/reload", reload_limit);
}

Result<ControlAnswer> ControlClient::accounts_changed() const {
  return call("POST", "/api/v1/accounts/reload", reload_limit);
}

Result<ControlAnswer> ControlClient::resend(std::string_view query) const {
  return call("POST", std::string("/api/v1/outbox/resend?").append(query), reload_limit);
}

Result<ControlAnswer> ControlClient::logs(const Parameters& parameters) const {
  std::string target = "/api/v1/logs";
  for (const auto& [name, value] : parameters)
    target += (target.find('?') == std::string::npos ? '?' : '&') + name + '=' + percent_encoded(value);
  return call("GET", target, look_limit, largest_log);
}

Result<ControlAnswer> ControlClient::get(std::string_view target) const {
  return call("GET", target, look_limit);
}

Result<ControlAnswer> ControlClient::call(std::string_view verb, std::string_view target,
                                          std::chrono::milliseconds timeout, std::size_t largest_body) const {
  if (auto status = reachable(socket_); !status) return std::move(status).error();
  http::ClientOptions options;
  options.connect_timeout = connect_limit;
  options.total_timeout = timeout;
  options.largest_body = largest_body;
  options.unix_socket = socket_.native();
  auto client = http::Client::create(std::move(options));
  if (!client) return std::move(client).error();
  http::ClientRequest request;
  request.method = verb;
  request.url = "http://localhost" + std::string(target);
  auto answer = client->send(request, {});
  if (!answer) return std::move(answer).error().context(asking(socket_));
  return ControlAnswer{answer->status, std::move(answer->body)};
}

}  // namespace porchlight::api
