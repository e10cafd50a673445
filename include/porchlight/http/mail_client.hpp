// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::http {

enum class MailTls : std::uint8_t {
  required,  // smtps://, or STARTTLS before anything is said; the certificate is always verified
  none       // smtp:// in the clear
};

struct MailServer {
  std::string url;  // smtps://host:port or smtp://host:port
  MailTls tls = MailTls::required;
  std::string user, password;  // empty user: no login
  std::string ca_file;         // PEM; replaces the system's authorities
  std::chrono::milliseconds connect_timeout{10000};
  std::chrono::milliseconds total_timeout{30000};  // of one mail, connecting included
};

// One mail. Texts are UTF-8 with '\n' between lines; whatever control character they hold, none reaches a
// header. Addresses are plain `local@domain` in ASCII: is_mail_address().
struct Mail {
  std::string from;
  std::string from_name;
  std::vector<std::string> to;         // whom it is handed to by this attempt
  std::vector<std::string> to_header;  // whom its head names
  std::string subject;
  WallTime date{};
  std::string message_id;   // with <>
  std::string in_reply_to;  // the id of the thread's first mail; empty: this is it
  std::vector<std::pair<std::string, std::string>> headers;  // further ones, ASCII, in one line
  std::string text;
  std::string html;          // names the picture as cid:<picture_id>
  std::string picture_id;    // without <>
  std::string_view picture;  // JPEG, borrowed for the call; empty: none
  // A file beside the text.
  struct Attachment {
    std::string name;  // ASCII
    std::string type;
    std::string_view bytes;  // borrowed for the call; empty: none
  };
  Attachment attachment{};
};

// What the server said to one address, or to all of it.
struct MailReply {
  int code = 0;       // RFC 5321; 0: no answer
  std::string words;  // at most 200 bytes, printable, with addresses masked
};

struct MailOutcome {
  bool taken = false;  // by the server, for every address that is not among the refused
  std::vector<std::pair<std::string, MailReply>> refused;
  // When nobody gets it:
  ErrorCode code = ErrorCode::network;
  MailReply reply;   // the server's refusal; code 0: the connection failed, or a reason of our side
  std::string text;  // whole, without credentials
};

// Hands mails to one server, one connection a mail. Thread-bound. Ends within milliseconds of a stop request.
class MailClient {
 public:
  static Result<MailClient> create(MailServer server);
  MailClient(MailClient&&) noexcept;
  MailClient& operator=(MailClient&&) noexcept;
  ~MailClient();

  // A mail whose end was sent but not confirmed is not taken: its repetition may be a second copy.
  MailOutcome send(const Mail& mail, std::stop_token stop);

  // Connects, encrypts, logs in and says NOOP. not_found: the name has no address; auth: the certificate,
  // the login or the lack of STARTTLS; timeout, network, unavailable.
  Status reach(std::stop_token stop);

 private:
  struct State;
  explicit MailClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// local@domain in plain ASCII, nothing quoted, no comment: what can be written into any header or command.
bool is_mail_address(std::string_view text) noexcept;

// `anna@example.org` becomes `a…@example.org`, everywhere in the text.
std::string with_masked_addresses(std::string_view text);

}  // namespace porchlight::http
