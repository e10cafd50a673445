// SPDX-License-Identifier: Apache-2.0
#include "onvif/call.hpp"

#include <algorithm>
#include <cctype>

#include "onvif/names.hpp"
#include "onvif/security.hpp"
#include "onvif/xml.hpp"

namespace porchlight::onvif {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

http::ClientRequest request_of(const Address& service, const Question& question, std::string envelope) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = service.text();
  request.content_type = "application/soap+xml; charset=utf-8; action=\"" + std::string(question.space) +
                         "/" + question.operation + "\"";
  request.body = std::move(envelope);
  return request;
}

bool challenges_for_digest(const http::ClientResponse& response) {
  if (response.status != 401) return false;
  return std::any_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
    constexpr std::string_view word = "digest ";
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    return header.first == "www-authenticate" && header.second.size() > word.size() &&
           std::equal(word.begin(), word.end(), header.second.begin(),
                      [&](char b, char a) { return same(a, b); });
  });
}

// What the answer says, if it is SOAP; else what its status says.
Result<SoapAnswer> read(const http::ClientResponse& response, const Question& question) {
  if (response.truncated) return Error(ErrorCode::corrupt, "the answer is larger than 512 KiB");
  auto answer = read_soap(response.body, question.space, question.operation + "Response");
  if (answer || answer.error().code() != ErrorCode::corrupt || response.status == 200) return answer;
  const auto said = "the device answers " + std::to_string(response.status);
  if (response.status == 401 || response.status == 403) return Error(ErrorCode::auth, said);
  if (response.status == 404) return Error(ErrorCode::unsupported, said + ": no ONVIF service is there");
  return Error(ErrorCode::unavailable, said);
}

}  // namespace

Call::Call(http::Client client, const InterviewOptions& options, Clock& clock)
    : client_(std::move(client)),
      options_(options),
      clock_(clock),
      end_(clock.now() + options.total_timeout) {}

Result<std::string> Call::envelope_of(const Question& question) const {
  std::string header;
  if (!question.open && !options_.login.user.empty()) {
    auto made = security_header(options_.login, clock_.wall() + skew_);
    if (!made) return made;
    header = std::move(*made);
  }
  const std::string name = "q:" + question.operation;
  return soap_envelope(header, "<" + name + " xmlns:q=\"" + question.space + "\" xmlns:t=\"" + ns::schema +
                                   "\">" + question.inside + "</" + name + ">");
}

Result<http::ClientResponse> Call::send(const http::ClientRequest& request) {
  const auto left = duration_cast<milliseconds>(end_ - clock_.now());
  if (left.count() <= 0) return Error(ErrorCode::timeout, "the device is too slow: its time is over");
  auto bounded = request;
  bounded.timeout = std::min(left, options_.request_timeout);
  return client_.send(bounded, {});
}

Error Call::without_entry(const Error& error) const {
  const auto& user = options_.login.user;
  return Error(ErrorCode::auth, (user.empty() ? std::string("it wants a login")
                                              : "user '" + user + "' or the password is refused") +
                                    ": " + error.text());
}

Result<SoapAnswer> Call::ask(const Address& service, const Question& question) {
  auto envelope = envelope_of(question);
  if (!envelope) return std::move(envelope).error();
  auto request = request_of(service, question, std::move(*envelope));
  auto response = send(request);
  if (response && challenges_for_digest(*response) && !options_.login.user.empty()) {
    request.digest_user = options_.login.user;
    request.digest_password = options_.login.password;
    response = send(request);
  }
  if (!response) return std::move(response).error();
  auto answer = read(*response, question);
  if (answer) return answer;
  if (answer.error().code() == ErrorCode::auth)
    return without_entry(answer.error()).context(question.operation);
  return std::move(answer).error().context(question.operation);
}

}  // namespace porchlight::onvif
