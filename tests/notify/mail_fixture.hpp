// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "notify/email.hpp"
#include "notify/mail_sink.hpp"

namespace porchlight::notify {

// Mail to a real server, or a skip where it is missing.
struct MailFixture : testing::Test {
  void SetUp() override {
    if (!MailSink::available())
      GTEST_SKIP() << "python3-aiosmtpd is not installed: no mail was sent to a real server";
  }
  static EmailOptions options_for(const MailSink& sink) {
    EmailOptions options;
    options.channel_id = "post";
    options.server.url = sink.url();
    options.server.tls = http::MailTls::none;
    options.from = "door@example.org";
    options.to = {"anna@example.org", "ben@example.net"};
    return options;
  }
  static std::unique_ptr<Channel> channel(const EmailOptions& options) {
    auto made = Email::create(options);
    EXPECT_TRUE(made.ok());
    return std::move(*made);
  }
};

}  // namespace porchlight::notify
