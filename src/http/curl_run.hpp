// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "porchlight/base/result.hpp"

namespace porchlight::http {

template <auto Release>
struct CurlRelease {
  template <class T>
  void operator()(T* handle) const {
    Release(handle);
  }
};
using CurlEasy = std::unique_ptr<CURL, CurlRelease<curl_easy_cleanup>>;
using CurlMulti = std::unique_ptr<CURLM, CurlRelease<curl_multi_cleanup>>;
using CurlList = std::unique_ptr<curl_slist, CurlRelease<curl_slist_free_all>>;
using CurlMime = std::unique_ptr<curl_mime, CurlRelease<curl_mime_free>>;

// Appends a copy of the line; out of memory leaves the list as it was.
void append(CurlList& list, const std::string& line);

// What a failed transfer means, whatever the protocol.
ErrorCode code_of(CURLcode rc) noexcept;

// What every transfer here keeps to, whatever the protocol. The texts are borrowed until the next prepare().
struct CurlTerms {
  const std::string& url;
  const char* protocols;  // as CURLOPT_PROTOCOLS_STR
  std::chrono::milliseconds connect_timeout;
  std::chrono::milliseconds total_timeout;
  const std::string& ca_file;  // empty: the system's authorities
};

// One transfer at a time that a stop request ends within milliseconds. Thread-bound.
class CurlRun {
 public:
  static Result<std::unique_ptr<CurlRun>> create();

  CURL* easy() const noexcept { return easy_.get(); }
  // Forgets all options and sets what every transfer keeps to: certificates verified, TLS 1.2 at least, no
  // proxy of the environment, a deadline.
  void prepare(const CurlTerms& terms);
  // The transfer's own end; cancelled: a stop was requested first.
  Result<CURLcode> perform(const std::stop_token& stop);
  // As perform(), but leaves the handle with its connection, which lives on with this object. `go_on` is
  // asked at least every 100 ms.
  Result<CURLcode> hold(const std::function<bool()>& go_on);
  // In libcurl's words.
  std::string cause_of(CURLcode rc) const {
    return reason_[0] != '\0' ? reason_.data() : curl_easy_strerror(rc);
  }

 private:
  CurlRun() = default;
  Result<CURLcode> until_done(const std::stop_token& stop);

  CurlMulti multi_;  // holds the live connections; outlives the easy handle
  CurlEasy easy_;
  std::array<char, CURL_ERROR_SIZE> reason_{};
};

}  // namespace porchlight::http
