// SPDX-License-Identifier: Apache-2.0
#include "notify/email.hpp"

#include <algorithm>

namespace porchlight::notify {
namespace {

// As many messages as a lane holds.
constexpr std::size_t most_begun = 256;
constexpr std::size_t most_named = 5;

std::string masked(const std::string& address, const std::string& words) {
  return http::with_masked_addresses(address) + ": " + words;
}

std::string words_of_reply(const http::MailReply& reply) {
  return std::to_string(reply.code) + (reply.words.empty() ? "" : " " + reply.words);
}

// What a repetition cannot mend: how the channel is set up, and what the server refuses for good.
bool is_final(const http::MailOutcome& outcome) {
  if (outcome.reply.code != 0) return outcome.reply.code >= 500;
  return outcome.code == ErrorCode::unsupported || outcome.code == ErrorCode::invalid_argument ||
         outcome.code == ErrorCode::internal;
}

// The subject of the first, for the answers to it. Only a ring has any, and its first mail names nobody.
std::string receipt_of(const Message& message) {
  return message.row.type == "ring" ? message.words.title : std::string();
}

}  // namespace

Result<std::unique_ptr<Channel>> Email::create(EmailOptions options) {
  auto client = http::MailClient::create(options.server);
  if (!client) return std::move(client).error();
  return {std::unique_ptr<Channel>(new Email(std::move(options), std::move(*client)))};
}

std::vector<std::string> Email::without(const Progress& progress) const {
  std::vector<std::string> left;
  for (const auto& address : options_.to)
    if (!progress.have_it.contains(address) && !progress.refused.contains(address)) left.push_back(address);
  return left;
}

void Email::note(const http::Mail& mail, const http::MailOutcome& outcome, Progress& progress) const {
  std::set<std::string> refused;
  for (const auto& [address, reply] : outcome.refused) {
    refused.insert(address);
    if (reply.code >= 500) progress.refused.emplace(address, words_of_reply(reply));
  }
  if (!outcome.taken) return;
  for (const auto& address : mail.to)
    if (!refused.contains(address)) progress.have_it.insert(address);
}

void Email::name_refused(const Message& message, const Progress& progress) const {
  if (progress.refused.empty()) return;
  std::string who;
  std::size_t named = 0;
  for (const auto& [address, words] : progress.refused) {
    if (++named > most_named) break;
    who += (named == 1 ? "" : "; ") + masked(address, words);
  }
  const auto& key = message.row.key;
  log_.warning("mail delivered, but refused for some of its addresses",
               {{"event_id", key.event_id.text()},
                {"channel_id", options_.channel_id},
                {"sequence", std::int64_t{key.sequence}},
                {"refused", static_cast<std::int64_t>(progress.refused.size())},
                {"cause", who}});
}

Delivery Email::conclude(const Message& message, const http::MailOutcome& outcome,
                         const Progress& progress) const {
  const auto left = without(progress);
  // Nobody is left to be tried; where nobody has it either, the last refusal speaks for all.
  if (left.empty() && !progress.have_it.empty()) {
    name_refused(message, progress);
    return Delivery::delivered(receipt_of(message));
  }
  if (outcome.taken) {
    // Some have it, others were put off.
    const auto later = std::find_if(outcome.refused.begin(), outcome.refused.end(),
                                    [](const auto& one) { return one.second.code < 500; });
    return Delivery::retry(ErrorCode::unavailable, "mail to " + std::to_string(left.size()) + " of " +
                                                       std::to_string(options_.to.size()) + " addresses: " +
                                                       masked(later->first, words_of_reply(later->second)));
  }
  if (is_final(outcome) && progress.have_it.empty()) return Delivery::rejected(outcome.code, outcome.text);
  if (is_final(outcome)) {
    name_refused(message, progress);
    return Delivery::delivered(receipt_of(message));
  }
  return Delivery::retry(outcome.code, outcome.text);
}

void Email::keep(const store::RowKey& key, Progress progress) {
  begun_.insert_or_assign(key, std::move(progress));
  // Ids begin with the time: the first is the oldest.
  if (begun_.size() > most_begun) begun_.erase(begun_.begin());
}

Delivery Email::deliver(const Message& message, std::stop_token stop) {
  const auto& key = message.row.key;
  const auto found = begun_.find(key);
  auto progress = found != begun_.end() ? found->second : Progress{};
  auto mail = mail_of(message, options_);
  mail.to = without(progress);
  const auto outcome = client_.send(mail, std::move(stop));
  note(mail, outcome, progress);
  auto delivery = conclude(message, outcome, progress);
  if (delivery.kind == Delivery::Kind::retry && !(progress.have_it.empty() && progress.refused.empty()))
    keep(key, std::move(progress));
  else
    begun_.erase(key);
  return delivery;
}

}  // namespace porchlight::notify
