// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "notify/email.hpp"
#include "porchlight/config/document.hpp"
#include "porchlight/notify/options.hpp"

namespace porchlight::notify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> faults_of(const std::string& keys) {
  config::Faults faults;
  const auto document = config::Document::parse(
      "notifications: {channels: [{id: post, type: email, " + keys + "}]}", "p.yaml", faults);
  auto root = document.root();
  const auto options = read_options(root.section("notifications"));
  root.finish();
  faults.sort();
  std::vector<std::string> texts;
  for (const auto& fault : faults.all()) texts.push_back(fault.text());
  const SystemClock clock;
  for (const auto& channel : options.channels) {
    EXPECT_EQ(channel.type, "email");
    EXPECT_TRUE(channel.make(clock).ok());
  }
  return texts;
}

const std::string people = "from: door@example.org, to: [anna@example.org]";

TEST(EmailOptions, ServersAreNamedBySchemeHostAndPort) {
  for (const auto* server :
       {"server: 'smtps://mail.example.org:465', user: door, password: x",
        "server: 'smtps://mail.example.org'",
        "server: 'smtp://mail.example.org:587', starttls: required, user: door, password: x",
        "server: 'smtp://mail.example.org', ca_file: /etc/ca.pem, timeout: 10s",
        "server: 'smtp://192.0.2.1:25', starttls: none", "server: 'smtp://[2001:db8::1]:25', starttls: none",
        "server: 'smtp://127.0.0.1:25', starttls: none, user: door, password: x",
        "server: 'smtp://[::1]', starttls: none, user: door, password: x",
        "server: 'smtp://localhost', starttls: none, user: door, password: x"})
    EXPECT_THAT(faults_of(std::string(server) + ", " + people), IsEmpty()) << server;
}

TEST(EmailOptions, EachSlipIsNamedAtItsPlace) {
  const std::string good = "server: 'smtps://mail.example.org'";
  const std::vector<std::pair<std::string, std::string>> slips{
      {people, "server"},
      {"server: mail.example.org, " + people, "smtps://HOST:465"},
      {"server: 'https://mail.example.org', " + people, "unknown scheme 'https'"},
      {"server: 'smpt://mail.example.org', " + people, "did you mean 'smtp'?"},
      {"server: 'smtp://door:x@mail.example.org', " + people, "keys of their own"},
      {"server: 'smtp://mail.example.org/path', " + people, "only host and port"},
      {"server: 'smtp://', " + people, "names no host"},
      {"server: 'smtp://:25', " + people, "names no host"},
      {"server: 'smtp://mail:0', " + people, "port"},
      {"server: 'smtp://mail:65536', " + people, "port"},
      {"server: 'smtp://mail:', " + people, "port"},
      {"server: 'smtp://mail', starttls: maybe, " + people, "required"},
      {good + ", starttls: required, " + people, "leave this key out"},
      {good + ", user: door, " + people, "belong together"},
      {good + ", password: x, " + people, "belong together"},
      {"server: 'smtp://mail', starttls: none, user: door, password: x, " + people, "in the clear"},
      {"server: 'smtp://127.example.org', starttls: none, user: door, password: x, " + people,
       "in the clear"},
      {good + ", timeout: 2m, " + people, "timeout"},
      {good + ", from: door, to: [anna@example.org]", "the value is no plain mail address"},
      {good + ", from: door@example.org", "a list of mail addresses"},
      {good + ", from: door@example.org, to: ['Anna <anna@example.org>']",
       "address 1 is no plain mail address"},
      {good + ", from: door@example.org, to: [\"a@b\\r\\nBcc: c@d\"]", "address 1 is no plain mail address"},
      {good + ", from: door@example.org, to: [a@b, c@d, a@b]", "address 3 is there twice"}};
  for (const auto& [keys, words] : slips) EXPECT_THAT(faults_of(keys), ElementsAre(HasSubstr(words))) << keys;
  std::string many;
  for (int i = 0; i < 51; ++i) many += (i > 0 ? "," : "") + ("a" + std::to_string(i)) + "@b";
  EXPECT_THAT(faults_of(good + ", from: a@b, to: [" + many + "]"), ElementsAre(HasSubstr("at most 50")));
}

}  // namespace
}  // namespace porchlight::notify
