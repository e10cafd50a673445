// SPDX-License-Identifier: Apache-2.0
#include "http/curl_run.hpp"

namespace porchlight::http {
namespace {

// The library's global state, made before the first handle and never given back.
bool library_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(user)->stop_requested() ? 1 : 0;
}

}  // namespace

void append(CurlList& list, const std::string& line) {
  if (auto* longer = curl_slist_append(list.get(), line.c_str())) {
    static_cast<void>(list.release());
    list.reset(longer);
  }
}

ErrorCode code_of(CURLcode rc) noexcept {
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

Result<std::unique_ptr<CurlRun>> CurlRun::create() {
  if (!library_ready()) return Error(ErrorCode::internal, "start libcurl: it refused");
  std::unique_ptr<CurlRun> run(new CurlRun());
  run->multi_.reset(curl_multi_init());
  run->easy_.reset(curl_easy_init());
  if (!run->multi_ || !run->easy_) return Error(ErrorCode::resource, "start libcurl: out of memory");
  return {std::move(run)};
}

void CurlRun::prepare(const CurlTerms& terms) {
  auto* handle = easy_.get();
  curl_easy_reset(handle);
  reason_[0] = '\0';
  curl_easy_setopt(handle, CURLOPT_URL, terms.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, terms.protocols);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);  // never join a resolver thread that hangs
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason_.data());
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(terms.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(terms.total_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!terms.ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, terms.ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
  }
}

Result<CURLcode> CurlRun::perform(const std::stop_token& stop) {
  if (stop.stop_requested()) return Error(ErrorCode::cancelled, "stopped");
  // A transfer that is merely removed would end its mail where it stands, and wait for the server's consent.
  curl_easy_setopt(easy_.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy_.get(), CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(easy_.get(), CURLOPT_XFERINFODATA, &stop);
  if (curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK)
    return Error(ErrorCode::internal, "libcurl refused the request");
  auto rc = until_done(stop);
  curl_multi_remove_handle(multi_.get(), easy_.get());
  return rc;
}

Result<CURLcode> CurlRun::until_done(const std::stop_token& stop) {
  std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_.get()); });
  for (;;) {
    // Read before the step, which then aborts the transfer in libcurl's own way.
    const bool last = stop.stop_requested();
    int running = 0;
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return CURLE_FAILED_INIT;
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi_.get(), &left))
      if (message->msg == CURLMSG_DONE && message->data.result != CURLE_ABORTED_BY_CALLBACK)
        return message->data.result;
    if (last) return Error(ErrorCode::cancelled, "stopped");
    if (curl_multi_poll(multi_.get(), nullptr, 0, 1000, nullptr) != CURLM_OK) return CURLE_FAILED_INIT;
  }
}

Result<CURLcode> CurlRun::hold(const std::function<bool()>& go_on) {
  if (curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK)
    return Error(ErrorCode::internal, "libcurl refused the request");
  for (;;) {
    int running = 0;
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return CURLE_FAILED_INIT;
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi_.get(), &left))
      if (message->msg == CURLMSG_DONE) return message->data.result;
    if (!go_on()) return Error(ErrorCode::cancelled, "given up");
    if (curl_multi_poll(multi_.get(), nullptr, 0, 100, nullptr) != CURLM_OK) return CURLE_FAILED_INIT;
  }
}

}  // namespace porchlight::http
