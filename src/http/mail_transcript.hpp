// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/http/mail_client.hpp"

namespace porchlight::http {

// What was said in one SMTP session, as far as it is needed to tell who refused what: libcurl itself keeps
// only the last reply's number. Commands and their arguments other than recipients are not kept.
class MailTranscript {
 public:
  // What `user` and `password` hold is not to be found in any reply's words.
  MailTranscript(std::string user, std::string password)
      : user_(std::move(user)), password_(std::move(password)) {}

  void sent(std::string_view command);
  void received(std::string_view lines);

  // Of the newest command but QUIT; code 0: not answered.
  const MailReply& reply() const noexcept { return reply_; }
  bool is_about_recipient() const noexcept { return last_ == Command::recipient; }
  bool said_goodbye() const noexcept { return goodbye_; }
  // In the order they were named.
  const std::vector<std::pair<std::string, MailReply>>& recipients() const noexcept { return recipients_; }

 private:
  enum class Command : std::uint8_t { other, recipient };
  void line(std::string_view text);
  std::string cleaned(std::string_view words) const;

  const std::string user_, password_;
  Command last_ = Command::other;
  bool goodbye_ = false;
  MailReply reply_;
  std::string words_;  // of a reply that has further lines
  std::vector<std::pair<std::string, MailReply>> recipients_;
};

}  // namespace porchlight::http
