// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>

namespace porchlight::http {
namespace {

constexpr std::size_t largest_body = 64 << 10;
constexpr std::size_t largest_headers = 32 << 10;

template <auto Release>
struct Releases {
  template <class T>
  void operator()(T* handle) const {
    Release(handle);
  }
};
using Easy = std::unique_ptr<CURL, Releases<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, Releases<curl_multi_cleanup>>;
using HeaderList = std::unique_ptr<curl_slist, Releases<curl_slist_free_all>>;
using Mime = std::unique_ptr<curl_mime, Releases<curl_mime_free>>;

// The library's global state, made before the first handle and never given back.
bool library_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

struct Received {
  ClientResponse response;
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
  auto& response = static_cast<Received*>(user)->response;
  const auto room = largest_body - response.body.size();
  response.body.append(data, std::min(size, room));
  if (size <= room) return size;
  response.truncated = true;
  return 0;  // ends the transfer and the connection
}

ErrorCode code_of(CURLcode rc) {
  switch (rc) {
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::timeout;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return ErrorCode::invalid_argument;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
      return ErrorCode::auth;
    case CURLE_OUT_OF_MEMORY:
      return ErrorCode::resource;
    default:
      return ErrorCode::network;
  }
}

HeaderList header_list(const ClientRequest& request) {
  HeaderList list;
  const auto add = [&list](const std::string& line) {
    if (auto* longer = curl_slist_append(list.get(), line.c_str())) {
      static_cast<void>(list.release());
      list.reset(longer);
    }
  };
  // A small request waits for no "100 Continue".
  add("Expect:");
  if (request.parts.empty() && !request.content_type.empty()) add("Content-Type: " + request.content_type);
  for (const auto& [name, value] : request.headers) add(name + ": " + value);
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
  Mime mime;  // points into the readers
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
  Multi multi;  // holds the live connections; outlives the easy handle
  Easy easy;
  std::array<char, CURL_ERROR_SIZE> reason{};
  std::uint64_t connections = 0;

  void prepare_connection(const std::string& url);
  void prepare(const ClientRequest& request, const curl_slist* headers, curl_mime* mime, Received& received);
  Result<CURLcode> perform(const std::stop_token& stop);
  Result<ClientResponse> conclude(const ClientRequest& request, CURLcode rc, Received received);
  std::string cause_of(CURLcode rc) const {
    return reason[0] != '\0' ? reason.data() : curl_easy_strerror(rc);
  }
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
  if (!library_ready()) return Error(ErrorCode::internal, "start libcurl: it refused");
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  state->multi.reset(curl_multi_init());
  state->easy.reset(curl_easy_init());
  if (!state->multi || !state->easy) return Error(ErrorCode::resource, "start an http client: out of memory");
  return Client(std::move(state));
}

std::uint64_t Client::connections_opened() const noexcept {
  return state_->connections;
}

void Client::State::prepare_connection(const std::string& url) {
  auto* handle = easy.get();
  curl_easy_reset(handle);
  reason[0] = '\0';
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);  // never join a resolver thread that hangs
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason.data());
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
  }
  if (!options.unix_socket.empty())
    curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, options.unix_socket.c_str());
}

void Client::State::prepare(const ClientRequest& request, const curl_slist* headers, curl_mime* mime,
                            Received& received) {
  auto* handle = easy.get();
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
  if (request.method == "HEAD") curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  if (request.method != "GET" || mime != nullptr)
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

Result<CURLcode> Client::State::perform(const std::stop_token& stop) {
  std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi.get()); });
  for (;;) {
    if (stop.stop_requested()) return Error(ErrorCode::cancelled, "stopped");
    int running = 0;
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) return CURLE_FAILED_INIT;
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi.get(), &left))
      if (message->msg == CURLMSG_DONE) return message->data.result;
    if (curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr) != CURLM_OK) return CURLE_FAILED_INIT;
  }
}

Result<ClientResponse> Client::State::conclude(const ClientRequest& request, CURLcode rc, Received received) {
  long opened = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_NUM_CONNECTS, &opened);
  connections += static_cast<std::uint64_t>(opened);
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  // Our own refusal to read more than we keep is no failure: the answer is there.
  if (rc == CURLE_OK || (rc == CURLE_WRITE_ERROR && received.response.truncated)) {
    received.response.status = static_cast<int>(status);
    return std::move(received.response);
  }
  return Error(code_of(rc),
               lower(request.method) + " '" + printable_origin(request.url) + "': " + cause_of(rc));
}

Status Client::connect(const std::string& url, std::stop_token stop) {
  state_->prepare_connection(url);
  curl_easy_setopt(state_->easy.get(), CURLOPT_CONNECT_ONLY, 1L);
  const auto doing = "connect to '" + printable_origin(url) + "'";
  if (curl_multi_add_handle(state_->multi.get(), state_->easy.get()) != CURLM_OK)
    return Error(ErrorCode::internal, doing + ": libcurl refused the request");
  auto rc = state_->perform(stop);
  curl_multi_remove_handle(state_->multi.get(), state_->easy.get());
  auto status = !rc ? Status(std::move(rc).error().context(doing))
                : *rc == CURLE_OK
                    ? Status()
                    : Status(Error(*rc == CURLE_COULDNT_RESOLVE_HOST ? ErrorCode::not_found : code_of(*rc),
                                   doing + ": " + state_->cause_of(*rc)));
  curl_easy_reset(state_->easy.get());
  return status;
}

Result<ClientResponse> Client::send(const ClientRequest& request, std::stop_token stop) {
  Received received;
  const auto headers = header_list(request);
  const auto form = form_of(state_->easy.get(), request.parts);
  state_->prepare(request, headers.get(), form.mime.get(), received);
  if (curl_multi_add_handle(state_->multi.get(), state_->easy.get()) != CURLM_OK)
    return Error(ErrorCode::internal,
                 "send to '" + printable_origin(request.url) + "': libcurl refused the request");
  auto rc = state_->perform(stop);
  auto result = rc ? state_->conclude(request, *rc, std::move(received))
                   : Result<ClientResponse>(std::move(rc).error().context(
                         lower(request.method) + " '" + printable_origin(request.url) + "'"));
  curl_multi_remove_handle(state_->multi.get(), state_->easy.get());
  // The header list, the parts and `received` end with this call: the handle must not keep them.
  curl_easy_reset(state_->easy.get());
  return result;
}

}  // namespace porchlight::http
