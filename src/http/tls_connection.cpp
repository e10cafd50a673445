// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/tls_connection.hpp"

#include <poll.h>

#include <utility>

#include "http/curl_run.hpp"

namespace porchlight::http {
namespace {

using namespace std::chrono_literals;

constexpr auto nap = 100ms;
constexpr auto connect_timeout = 10s;

std::string url_of(const TlsConnection::Target& target) {
  const bool six = target.host.find(':') != std::string::npos;
  return "https://" + (six ? "[" + target.host + "]" : target.host) + ":" + std::to_string(target.port) + "/";
}

ErrorCode meaning(CURLcode rc) {
  return rc == CURLE_COULDNT_RESOLVE_HOST ? ErrorCode::not_found : code_of(rc);
}

}  // namespace

struct TlsConnection::State {
  std::string name;  // host:port
  std::string url;
  std::string ca_file;
  std::unique_ptr<CurlRun> run;
  curl_socket_t socket = CURL_SOCKET_BAD;

  Error failure(const char* doing, CURLcode rc) const {
    return Error(meaning(rc), std::string(doing) + " '" + name + "': " + run->cause_of(rc));
  }
  // Whether the socket is ready.
  bool wait(short events, std::chrono::milliseconds patience) const {
    pollfd waited{socket, events, 0};
    return ::poll(&waited, 1, static_cast<int>(patience / 1ms)) > 0;
  }
};

TlsConnection::TlsConnection(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsConnection::~TlsConnection() = default;

Result<std::unique_ptr<TlsConnection>> TlsConnection::open(const Target& target, const GoOn& go_on) {
  auto state = std::make_unique<State>();
  state->name = target.host + ":" + std::to_string(target.port);
  state->url = url_of(target);
  state->ca_file = target.ca_file;
  auto run = CurlRun::create();
  if (!run) return std::move(run).error();
  state->run = std::move(*run);
  // A total limit would end the connection itself.
  state->run->prepare({state->url, "https", connect_timeout, 0ms, state->ca_file});
  auto* handle = state->run->easy();
  curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_ENABLE_ALPN, 0L);  // it would promise HTTP
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, target.verify ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, target.verify ? 2L : 0L);
  const auto rc = state->run->hold(go_on);
  if (!rc) return Error(rc.error()).context("connect to '" + state->name + "'");
  if (*rc != CURLE_OK) return state->failure("connect to", *rc);
  if (curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, &state->socket) != CURLE_OK ||
      state->socket == CURL_SOCKET_BAD)
    return Error(ErrorCode::network, "connect to '" + state->name + "': no connection was made");
  return std::unique_ptr<TlsConnection>(new TlsConnection(std::move(state)));
}

// First what is decrypted already, then the socket.
Result<std::optional<std::size_t>> TlsConnection::read(std::uint8_t* into, std::size_t room,
                                                       std::chrono::milliseconds patience) {
  for (bool waited = false;; waited = true) {
    std::size_t got = 0;
    const auto rc = curl_easy_recv(state_->run->easy(), into, room, &got);
    if (rc == CURLE_OK && got == 0)
      return Error(ErrorCode::end_of_stream, "read from '" + state_->name + "': closed by the other side");
    if (rc == CURLE_OK) return std::optional(got);
    if (rc != CURLE_AGAIN) return state_->failure("read from", rc);
    if (waited || !state_->wait(POLLIN, patience)) return std::optional<std::size_t>();
  }
}

Status TlsConnection::write(std::string_view bytes, const GoOn& go_on) {
  while (!bytes.empty()) {
    std::size_t sent = 0;
    const auto rc = curl_easy_send(state_->run->easy(), bytes.data(), bytes.size(), &sent);
    if (rc != CURLE_OK && rc != CURLE_AGAIN) return state_->failure("write to", rc);
    bytes.remove_prefix(sent);
    if (rc == CURLE_OK) continue;
    if (!go_on()) return Error(ErrorCode::cancelled, "write to '" + state_->name + "': given up");
    state_->wait(POLLOUT, nap);
  }
  return {};
}

}  // namespace porchlight::http
