// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "porchlight/http/mail_client.hpp"
#include "porchlight/notify/channel.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::notify {

struct EmailOptions {
  std::string channel_id;
  http::MailServer server;
  std::string from;
  std::vector<std::string> to;
};

// The message as a mail to all of the channel's addresses. A later message of an event is an answer to its
// first, so that programs show them as one conversation. Borrows the picture.
http::Mail mail_of(const Message& message, const EmailOptions& options);

// Hands each message to a mail server, one connection a message. 4xx and a broken connection are tried again;
// 5xx is a refusal. An address that is refused keeps the mail from nobody else: those who have it get no
// second copy, those who were refused for good are named in the log, the others are tried again.
class Email final : public Channel {
 public:
  static Result<std::unique_ptr<Channel>> create(EmailOptions options);
  Delivery deliver(const Message& message, std::stop_token stop) override;
  // Up to the login, and NOOP.
  Status reach(std::stop_token stop) override { return client_.reach(std::move(stop)); }

 private:
  // Of one message: which addresses it need not be handed to again.
  struct Progress {
    std::set<std::string> have_it;
    std::map<std::string, std::string> refused;  // and in which words
  };

  Email(EmailOptions options, http::MailClient client)
      : options_(std::move(options)),
        client_(std::move(client)),
        log_("doorbell.notification", telemetry::Component::notification) {}
  std::vector<std::string> without(const Progress& progress) const;
  void note(const http::Mail& mail, const http::MailOutcome& outcome, Progress& progress) const;
  Delivery conclude(const Message& message, const http::MailOutcome& outcome, const Progress& progress) const;
  void name_refused(const Message& message, const Progress& progress) const;
  void keep(const store::RowKey& key, Progress progress);

  const EmailOptions options_;
  http::MailClient client_;
  const telemetry::Logger log_;
  // Of messages that some have and others are still to get; a restart forgets it, and then these get a copy.
  std::map<store::RowKey, Progress> begun_;
};

}  // namespace porchlight::notify
