// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/mail_client.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "http/curl_run.hpp"
#include "http/mail_mime.hpp"
#include "http/mail_transcript.hpp"
#include "porchlight/http/client.hpp"

namespace porchlight::http {
namespace {

// What we call ourselves in EHLO: the machine's name is nobody's business, and a name that cannot be looked
// up is refused by some. An address literal is neither (RFC 5321, 4.1.3).
constexpr auto greeting_path = "/%5B127.0.0.1%5D";

// CURLOPT_MAIL_RCPT_ALLLOWFAILS lost one L in libcurl 8.2; the number is the same.
constexpr auto allow_refused_recipients = static_cast<CURLoption>(CURLOPTTYPE_LONG + 290);

// One session: what is said, and over which sockets.
struct Session {
  MailTranscript transcript;
  std::set<curl_socket_t>& sockets;
};

curl_socket_t on_open(void* user, curlsocktype, curl_sockaddr* address) {
  const auto fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  static_cast<std::set<curl_socket_t>*>(user)->insert(fd);
  return fd;
}

int on_close(void* user, curl_socket_t fd) {
  static_cast<std::set<curl_socket_t>*>(user)->erase(fd);
  return ::close(fd);
}

int on_said(CURL*, curl_infotype kind, char* data, std::size_t size, void* user) {
  auto& session = *static_cast<Session*>(user);
  if (kind == CURLINFO_HEADER_IN) session.transcript.received({data, size});
  if (kind != CURLINFO_HEADER_OUT) return 0;
  session.transcript.sent({data, size});
  // libcurl would wait for the answer to QUIT for up to two minutes, deaf to a stop. The mail's fate is known
  // by then: the farewell is said, and nothing more is heard.
  if (session.transcript.said_goodbye())
    for (const auto fd : session.sockets) ::shutdown(fd, SHUT_RD);
  return 0;
}

std::string with_reply(const MailReply& reply) {
  return std::to_string(reply.code) + (reply.words.empty() ? "" : " " + reply.words);
}

// The one that says whether a repetition can help: a passing refusal before a lasting one.
const MailReply& deciding(const std::vector<std::pair<std::string, MailReply>>& refused) {
  const auto passing =
      std::find_if(refused.begin(), refused.end(), [](const auto& one) { return one.second.code < 500; });
  return passing != refused.end() ? passing->second : refused.back().second;
}

ErrorCode code_of_reply(int code) {
  if (code == 530 || code == 534 || code == 535 || code == 538) return ErrorCode::auth;
  return code < 500 ? ErrorCode::unavailable : ErrorCode::invalid_argument;
}

// Reasons that lie in how the two are set up.
ErrorCode code_of_mail(CURLcode rc) {
  return rc == CURLE_USE_SSL_FAILED || rc == CURLE_LOGIN_DENIED ? ErrorCode::unsupported : code_of(rc);
}

}  // namespace

struct MailClient::State {
  MailServer server;
  std::set<curl_socket_t> sockets;  // open ones; outlives the connections
  std::unique_ptr<CurlRun> run;

  MailOutcome conclude(const Mail& mail, const Session& session, CURLcode rc) const;
  void prepare(Session& session);
  std::string doing() const { return "mail to '" + printable_origin(server.url) + "'"; }
  Session session() { return {MailTranscript(server.user, server.password), sockets}; }
};

MailClient::MailClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
MailClient::MailClient(MailClient&&) noexcept = default;
MailClient& MailClient::operator=(MailClient&&) noexcept = default;
MailClient::~MailClient() = default;

Result<MailClient> MailClient::create(MailServer server) {
  auto run = CurlRun::create();
  if (!run) return std::move(run).error().context("start a mail client");
  auto state = std::make_unique<State>();
  state->server = std::move(server);
  state->server.url += greeting_path;
  state->run = std::move(*run);
  return MailClient(std::move(state));
}

void MailClient::State::prepare(Session& session) {
  run->prepare({server.url, "smtp,smtps", server.connect_timeout, server.total_timeout, server.ca_file});
  auto* handle = run->easy();
  curl_easy_setopt(handle, CURLOPT_USE_SSL,
                   static_cast<long>(server.tls == MailTls::none ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  // A kept connection would save little and meet the server's farewell for idle ones.
  curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
  if (!server.user.empty()) {
    curl_easy_setopt(handle, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, server.password.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &sockets);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, &sockets);
  curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L);  // to the function, which prints nothing
  curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, on_said);
  curl_easy_setopt(handle, CURLOPT_DEBUGDATA, &session);
}

MailOutcome MailClient::State::conclude(const Mail& mail, const Session& session, CURLcode rc) const {
  const auto& transcript = session.transcript;
  MailOutcome outcome;
  for (const auto& [address, reply] : transcript.recipients())
    if (reply.code >= 400) outcome.refused.emplace_back(address, reply);
  if (rc == CURLE_OK) {
    outcome.taken = true;
    return outcome;
  }
  // A refusal counts as the end only where it was one: some addresses refused is none, whatever broke then.
  if (!outcome.refused.empty() && outcome.refused.size() == mail.to.size())
    outcome.reply = deciding(outcome.refused);
  else if (transcript.reply().code >= 400 && !transcript.is_about_recipient())
    outcome.reply = transcript.reply();
  const bool told = outcome.reply.code != 0;
  outcome.code = told ? code_of_reply(outcome.reply.code) : code_of_mail(rc);
  outcome.text = doing() + ": " + (told ? with_reply(outcome.reply) : run->cause_of(rc));
  return outcome;
}

MailOutcome MailClient::send(const Mail& mail, std::stop_token stop) {
  auto& state = *state_;
  auto session = state.session();
  const auto failed = [&state](ErrorCode code, const std::string& cause) {
    MailOutcome outcome;
    outcome.code = code;
    outcome.text = state.doing() + ": " + cause;
    return outcome;
  };
  const auto head = head_of(mail);
  const auto body = body_of(state.run->easy(), mail);
  CurlList addresses;
  for (const auto& address : mail.to) append(addresses, address);
  if (!head || !body || !addresses) return failed(ErrorCode::resource, "out of memory");
  state.prepare(session);
  auto* handle = state.run->easy();
  curl_easy_setopt(handle, CURLOPT_MAIL_FROM, mail.from.c_str());
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, addresses.get());
  curl_easy_setopt(handle, allow_refused_recipients, 1L);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, head.get());
  curl_easy_setopt(handle, CURLOPT_MIMEPOST, body.get());
  const auto rc = state.run->perform(stop);
  auto outcome = rc ? state.conclude(mail, session, *rc) : failed(rc.error().code(), rc.error().text());
  // Head, body, addresses and session end with this call: the handle must not keep them.
  curl_easy_reset(handle);
  return outcome;
}

Status MailClient::reach(std::stop_token stop) {
  auto& state = *state_;
  auto session = state.session();
  state.prepare(session);
  auto* handle = state.run->easy();
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, "NOOP");
  curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  const auto rc = state.run->perform(stop);
  const auto outcome = rc ? state.conclude({}, session, *rc) : MailOutcome{};
  curl_easy_reset(handle);
  const auto doing = "connect to '" + printable_origin(state.server.url) + "'";
  if (!rc) return Error(rc.error().code(), doing + ": " + rc.error().text());
  if (outcome.taken) return {};
  const auto cause = outcome.text.substr(state.doing().size());
  if (*rc == CURLE_COULDNT_RESOLVE_HOST) return Error(ErrorCode::not_found, doing + cause);
  return Error(outcome.code == ErrorCode::unsupported ? ErrorCode::auth : outcome.code, doing + cause);
}

}  // namespace porchlight::http
