// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/client.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>

#include "http/client_sockets.hpp"
#include "http/curl_run.hpp"
#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::http {
namespace {

constexpr std::size_t largest_headers = 32 << 10;

struct Received {
  std::size_t largest_body;
  ClientResponse response{};
  std::size_t header_bytes = 0;
};

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::size_t on_header(char* data, std::size_t one, std::size_t size, void* user) {
  static_cast<void>(one);
  auto& received = *static_cast<Received*>(user);
  const std::string_view line(data, size);
  // An interim answer (100 Continue) starts the list anew.
  if (line.starts_with("HTTP/")) {
    received.response.headers.clear();
    received.response.body.clear();  // of an answer that libcurl replied to: a challenge
    received.header_bytes = 0;
    return size;
  }
  received.header_bytes += size;
  if (received.header_bytes > largest_headers) return 0;
  if (const auto colon = line.find(':'); colon != std::string_view::npos)
    received.response.headers.emplace_back(lower(trimmed(line.substr(0, colon))),
                                           trimmed(line.substr(colon + 1)));
  return size;
}

std::size_t on_body(char* data, std::size_t one, std::size_t size, void* user) {
  static_cast<void>(one);
  auto& received = *static_cast<Received*>(user);
  auto& response = received.response;
  const auto room = received.largest_body - response.body.size();
  response.body.append(data, std::min(size, room));
  if (size <= room) return size;
  response.truncated = true;
  return 0;  // ends the transfer and the connection
}

// On whose behalf this is asked: random words, so that the other side's log can be laid beside ours.
// A name that the caller has given itself stays the caller's.
void append_ids(CurlList& list, const ClientRequest& request) {
  const auto& context = telemetry::current_log_context();
  const auto add = [&](const std::string& name, const std::string& value) {
    for (const auto& [given, unused] : request.headers)
      if (lower(given) == lower(name)) return;
    append(list, name + ": " + value);
  };
  if (context.request_id.empty()) return;
  add("X-Request-ID", context.request_id);
  add("X-Correlation-ID", context.correlation_id.empty() ? context.request_id : context.correlation_id);
}

CurlList header_list(const ClientRequest& request) {
  CurlList list;
  // A small request waits for no "100 Continue".
  append(list, "Expect:");
  if (request.parts.empty() && !request.content_type.empty())
    append(list, "Content-Type: " + request.content_type);
  for (const auto& [name, value] : request.headers) append(list, name + ": " + value);
  append_ids(list, request);
  return list;
}

// A part's bytes where they lie: curl_mime_data() would copy a picture first.
struct PartReader {
  std::string_view bytes;
  std::size_t at = 0;
};

std::size_t read_part(char* buffer, std::size_t one, std::size_t room, void* user) {
  static_cast<void>(one);
  auto& reader = *static_cast<PartReader*>(user);
  const auto size = std::min(room, reader.bytes.size() - reader.at);
  std::copy_n(reader.bytes.data() + reader.at, size, buffer);
  reader.at += size;
  return size;
}

// A connection that turned out to be closed is replaced, and the body begins anew.
int seek_part(void* user, curl_off_t offset, int origin) {
  auto& reader = *static_cast<PartReader*>(user);
  if (origin != SEEK_SET || offset < 0 || static_cast<std::size_t>(offset) > reader.bytes.size())
    return CURL_SEEKFUNC_FAIL;
  reader.at = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

struct Form {
  std::vector<PartReader> readers;
  CurlMime mime;  // points into the readers
};

Form form_of(CURL* easy, const std::vector<Part>& parts) {
  Form form;
  if (parts.empty()) return form;
  form.mime.reset(curl_mime_init(easy));
  form.readers.reserve(parts.size());
  for (const auto& part : parts) {
    auto* out = curl_mime_addpart(form.mime.get());
    auto& reader = form.readers.emplace_back(PartReader{part.bytes});
    curl_mime_name(out, part.name.c_str());
    curl_mime_data_cb(out, static_cast<curl_off_t>(part.bytes.size()), read_part, seek_part, nullptr,
                      &reader);
    if (!part.content_type.empty()) curl_mime_type(out, part.content_type.c_str());
    if (!part.file_name.empty()) curl_mime_filename(out, part.file_name.c_str());
  }
  return form;
}

}  // namespace

struct Client::State {
  ClientOptions options;
  ClientSockets sockets;  // of the run, to its end
  std::unique_ptr<CurlRun> run;
  std::uint64_t connections = 0;

  void prepare_connection(const std::string& url);
  void prepare(const ClientRequest& request, const curl_slist* headers, curl_mime* mime, Received& received);
  Result<ClientResponse> conclude(const ClientRequest& request, CURLcode rc, Received received);
};

std::string_view ClientResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

std::string printable_origin(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return "?";
  auto authority = url.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  return std::string(url.substr(0, scheme_end + 3)) + std::string(authority);
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::create(ClientOptions options) {
  auto run = CurlRun::create();
  if (!run) return std::move(run).error().context("start an http client");
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  state->run = std::move(*run);
  return Client(std::move(state));
}

std::uint64_t Client::connections_opened() const noexcept {
  return state_->connections;
}

void Client::State::prepare_connection(const std::string& url) {
  run->prepare({url, "http,https", options.connect_timeout, options.total_timeout, options.ca_file});
  sockets.watch(run->easy());
  if (!options.unix_socket.empty())
    curl_easy_setopt(run->easy(), CURLOPT_UNIX_SOCKET_PATH, options.unix_socket.c_str());
}

void Client::State::prepare(const ClientRequest& request, const curl_slist* headers, curl_mime* mime,
                            Received& received) {
  auto* handle = run->easy();
  const auto body = request.borrowed_body.empty() ? std::string_view(request.body) : request.borrowed_body;
  prepare_connection(request.url);
  if (request.timeout)
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(std::max<std::int64_t>(request.timeout->count(), 1)));
  curl_easy_setopt(handle, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &received);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &received);
  if (mime != nullptr) {
    curl_easy_setopt(handle, CURLOPT_MIMEPOST, mime);
  } else if (!body.empty() || request.method == "POST" || request.method == "PUT") {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
  }
  if (!request.digest_user.empty()) {
    curl_easy_setopt(handle, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_DIGEST));
    curl_easy_setopt(handle, CURLOPT_USERNAME, request.digest_user.c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, request.digest_password.c_str());
  }
  if (request.method == "HEAD") curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  if (request.method != "GET" || mime != nullptr)
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

Result<ClientResponse> Client::State::conclude(const ClientRequest& request, CURLcode rc, Received received) {
  long opened = 0;
  curl_easy_getinfo(run->easy(), CURLINFO_NUM_CONNECTS, &opened);
  connections += static_cast<std::uint64_t>(opened);
  long status = 0;
  curl_easy_getinfo(run->easy(), CURLINFO_RESPONSE_CODE, &status);
  // Our own refusal to read more than we keep is no failure: the answer is there.
  if (rc == CURLE_OK || (rc == CURLE_WRITE_ERROR && received.response.truncated)) {
    received.response.status = static_cast<int>(status);
    return std::move(received.response);
  }
  return Error(code_of(rc),
               lower(request.method) + " '" + printable_origin(request.url) + "': " + run->cause_of(rc));
}

Status Client::connect(const std::string& url, std::stop_token stop) {
  auto& run = *state_->run;
  state_->prepare_connection(url);
  curl_easy_setopt(run.easy(), CURLOPT_CONNECT_ONLY, 1L);
  const ClientSockets::Request request(state_->sockets);
  const auto doing = "connect to '" + printable_origin(url) + "'";
  auto rc = run.perform(stop);
  auto status = !rc ? Status(std::move(rc).error().context(doing))
                : *rc == CURLE_OK
                    ? Status()
                    : Status(Error(*rc == CURLE_COULDNT_RESOLVE_HOST ? ErrorCode::not_found : code_of(*rc),
                                   doing + ": " + run.cause_of(*rc)));
  curl_easy_reset(run.easy());
  return status;
}

Result<ClientResponse> Client::send(const ClientRequest& request, std::stop_token stop) {
  Received received{state_->options.largest_body};
  auto& run = *state_->run;
  const auto headers = header_list(request);
  const auto form = form_of(run.easy(), request.parts);
  state_->prepare(request, headers.get(), form.mime.get(), received);
  const ClientSockets::Request under_way(state_->sockets);
  auto rc = run.perform(stop);
  auto result = rc ? state_->conclude(request, *rc, std::move(received))
                   : Result<ClientResponse>(std::move(rc).error().context(
                         lower(request.method) + " '" + printable_origin(request.url) + "'"));
  // The header list, the parts and `received` end with this call: the handle must not keep them.
  curl_easy_reset(run.easy());
  return result;
}

}  // namespace porchlight::http
