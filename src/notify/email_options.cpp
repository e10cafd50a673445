// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "notify/email.hpp"
#include "notify/factory.hpp"

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_addresses = 50;  // RFC 5321, 4.5.3.1.8: a server takes 100
constexpr auto no_address = " is no plain mail address such as anna@example.org";

// scheme://host[:port], an IPv6 address in brackets.
struct Place {
  std::string scheme, host, port;
};

bool is_port(std::string_view text) {
  int port = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  return fault == std::errc{} && end == text.data() + text.size() && port > 0 && port < 65536;
}

std::string read_place(const std::string& url, Place& place) {
  const auto colon = url.find("://");
  if (colon == std::string::npos) return "a mail server is written as smtps://HOST:465 or smtp://HOST:587";
  place.scheme = url.substr(0, colon);
  if (place.scheme != "smtp" && place.scheme != "smtps") {
    const auto near = config::suggestion(place.scheme, {"smtp", "smtps"});
    return "unknown scheme '" + place.scheme + "'" +
           (near ? " (did you mean '" + *near + "'?)" : " (smtps or smtp)");
  }
  auto rest = url.substr(colon + 3);
  if (rest.find('@') != std::string::npos) return "user and password have keys of their own";
  if (rest.ends_with('/')) rest.pop_back();
  if (rest.find_first_of("/?# \t\r\n") != std::string::npos) return "only host and port are named";
  const auto bracket = rest.rfind(']');
  const auto separator = rest.find(':', bracket == std::string::npos ? 0 : bracket);
  place.host = rest.substr(0, separator);
  if (place.host.empty()) return "the server names no host";
  place.port = separator != std::string::npos ? rest.substr(separator + 1)
               : place.scheme == "smtps"      ? "465"
                                              : "587";
  return is_port(place.port) ? "" : "the port is a number up to 65535";
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

http::MailTls read_starttls(config::Section& section, const Place& place) {
  if (place.scheme == "smtps") {
    if (section.has("starttls"))
      section.fault("starttls", "smtps:// is encrypted from its first byte: leave this key out");
    static_cast<void>(section.text("starttls", ""));
    return http::MailTls::required;
  }
  return section.choice("starttls", "required", {"required", "none"}) == "none" ? http::MailTls::none
                                                                                : http::MailTls::required;
}

void read_server(config::Section& section, http::MailServer& server) {
  Place place;
  const auto written = section.required_text("server");
  const auto fault = written.empty() ? "" : read_place(written, place);
  if (!fault.empty()) section.fault("server", fault);
  server.url = place.scheme + "://" + place.host + ":" + place.port;
  server.tls = read_starttls(section, place);
  server.user = section.text("user", "");
  server.password = section.text("password", "");
  // By the keys: a command beside the service reads a credential of its own as nothing.
  if (section.has("user") != section.has("password"))
    section.fault(section.has("user") ? "user" : "password", "user and password belong together");
  if (server.tls == http::MailTls::none && section.has("password") && !is_loopback(place.host))
    section.fault("starttls",
                  "a password does not leave the machine in the clear: 'required', or no password");
  server.ca_file = section.text("ca_file", "");
  server.total_timeout = section.duration("timeout", 30s, 1s, 60s);
  server.connect_timeout = std::min<std::chrono::milliseconds>(10s, server.total_timeout);
}

// Named by their number: the text may come from a secret.
void check_addresses(config::Section& section, const std::vector<std::string>& to) {
  if (to.empty()) section.fault("to", "a list of mail addresses is needed");
  if (to.size() > most_addresses)
    section.fault("to", "at most " + std::to_string(most_addresses) + " addresses");
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto which = "address " + std::to_string(i + 1);
    if (!http::is_mail_address(to[i])) section.fault("to", which + no_address);
    const auto end = to.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(to.begin(), end, to[i]) != end) section.fault("to", which + " is there twice");
  }
}

}  // namespace

ChannelMaker read_email(config::Section& section, const std::string& id) {
  EmailOptions options;
  options.channel_id = id;
  read_server(section, options.server);
  options.from = section.required_text("from");
  if (!options.from.empty() && !http::is_mail_address(options.from))
    section.fault("from", std::string("the value") + no_address);
  options.to = section.text_list("to");
  check_addresses(section, options.to);
  return [options](const Clock&) { return Email::create(options); };
}

}  // namespace porchlight::notify
