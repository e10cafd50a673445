// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/mailbox.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace porchlight {
namespace {

using namespace std::chrono_literals;

TEST(Mailbox, IsEmptyUntilPostedAndAfterTaken) {
  Mailbox<int> mailbox;
  EXPECT_EQ(mailbox.take(), std::nullopt);
  mailbox.post(1);
  EXPECT_TRUE(mailbox.has_fresh());
  EXPECT_EQ(mailbox.take(), 1);
  EXPECT_FALSE(mailbox.has_fresh());
  EXPECT_EQ(mailbox.take(), std::nullopt);
}

TEST(Mailbox, NewestWinsAndTheReplacedAreCounted) {
  Mailbox<int> mailbox;
  for (int i = 1; i <= 5; ++i) mailbox.post(i);
  EXPECT_EQ(mailbox.take(), 5);
  EXPECT_EQ(mailbox.replaced(), 4U);
  mailbox.post(6);
  EXPECT_EQ(mailbox.take(), 6);
  EXPECT_EQ(mailbox.replaced(), 4U);
}

TEST(Mailbox, KeepsOnlyTheNewestAlive) {
  Mailbox<std::shared_ptr<int>> mailbox;
  auto first = std::make_shared<int>(1);
  auto second = std::make_shared<int>(2);
  mailbox.post(first);
  mailbox.post(second);
  EXPECT_EQ(first.use_count(), 1);
  EXPECT_EQ(second.use_count(), 2);
  (void)mailbox.take();
  EXPECT_EQ(second.use_count(), 1);
}

struct Picture {
  std::uint64_t number = 0;
  std::uint64_t echo[7] = {};
};

// Posts 1…last and takes until the last; `wait` is what the consumer does when there is nothing.
template <class Wait>
void race(Mailbox<Picture>& mailbox, Wait wait) {
  constexpr std::uint64_t last = 200'000;
  std::jthread producer([&] {
    for (std::uint64_t i = 1; i <= last; ++i) {
      Picture picture{i, {}};
      for (auto& e : picture.echo) e = i;
      mailbox.post(picture);
    }
  });
  std::uint64_t seen = 0;
  std::uint64_t taken = 0;
  while (seen < last) {
    const auto picture = mailbox.take();
    if (!picture) {
      wait();
      continue;
    }
    ASSERT_GT(picture->number, seen);
    for (const auto e : picture->echo) ASSERT_EQ(e, picture->number);
    seen = picture->number;
    ++taken;
  }
  EXPECT_EQ(taken + mailbox.replaced(), last);
}

TEST(Mailbox, ASleepingConsumerGetsTheLastOneAndNeverAnOlder) {
  auto wakeup = std::move(Wakeup::create()).value();
  Mailbox<Picture> mailbox(&wakeup);
  race(mailbox, [&] { wakeup.wait_for(1h, [&] { return mailbox.has_fresh(); }); });
}

// Nothing but the mailbox's own order holds the two sides together here.
TEST(Mailbox, ALookingConsumerGetsTheLastOneAndNeverAnOlder) {
  Mailbox<Picture> mailbox;
  race(mailbox, [] { std::this_thread::yield(); });
}

}  // namespace
}  // namespace porchlight
