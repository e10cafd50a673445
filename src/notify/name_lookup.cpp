// SPDX-License-Identifier: Apache-2.0
#include "notify/name_lookup.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <utility>

namespace porchlight::notify {
namespace {

std::vector<std::string> numeric(const addrinfo* list) {
  std::vector<std::string> addresses;
  for (; list != nullptr; list = list->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(list->ai_addr, list->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0)
      addresses.emplace_back(text.data());
  }
  return addresses;
}

}  // namespace

struct NameLookup::Request {
  std::string host;
  addrinfo hints{};
  gaicb block{};
  gaicb* list[1] = {&block};
  int refused = 0;
};

NameLookup::NameLookup(std::string host) : request_(std::make_unique<Request>()) {
  auto& r = *request_;
  r.host = std::move(host);
  r.hints.ai_socktype = SOCK_STREAM;
  r.hints.ai_flags = AI_ADDRCONFIG;
  r.block.ar_name = r.host.c_str();
  r.block.ar_request = &r.hints;
  r.refused = ::getaddrinfo_a(GAI_NOWAIT, r.list, 1, nullptr);
}

NameLookup::~NameLookup() {
  auto& r = *request_;
  if (r.refused == 0 && ::gai_error(&r.block) == EAI_INPROGRESS &&
      ::gai_cancel(&r.block) == EAI_NOTCANCELED) {
    request_.release();  // NOLINT(bugprone-unused-return-value): the resolver still writes there
    return;
  }
  if (r.block.ar_result != nullptr) ::freeaddrinfo(r.block.ar_result);
}

std::optional<Result<std::vector<std::string>>> NameLookup::result() {
  auto& r = *request_;
  const int code = r.refused != 0 ? r.refused : ::gai_error(&r.block);
  if (code == EAI_INPROGRESS) return std::nullopt;
  if (code == 0) return Result<std::vector<std::string>>(numeric(r.block.ar_result));
  const bool unknown = code == EAI_NONAME || code == EAI_NODATA || code == EAI_ADDRFAMILY;
  return Result<std::vector<std::string>>(Error(unknown ? ErrorCode::not_found : ErrorCode::unavailable,
                                                "look up '" + r.host + "': " + ::gai_strerror(code)));
}

}  // namespace porchlight::notify
