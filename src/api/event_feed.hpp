// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/access.hpp"
#include "api/accounts_state.hpp"
#include "porchlight/store/event_log.hpp"

namespace porchlight::api {

// What a listener asked for, beyond what it may see.
struct EventWish {
  std::string type{};    // empty: every one
  std::string camera{};  // empty: every one
};

// One event as it goes to the listeners.
struct EventMessage {
  std::int64_t change = 0;
  std::string json;
};

// The way to one client, of whatever kind. Library's thread; nothing here waits.
struct EventOutlet {
  std::function<bool(const EventMessage&)> send;  // false: it has left
  std::function<bool()> is_open;
  std::function<std::size_t()> waiting;  // bytes not yet with the kernel
  std::function<void()> end;             // the right to listen has ended
};

// Tells the clients that listen what is new in the event log. Nobody hands it events: it is told that there
// are some, and reads them out of the database in the order of their commits, for each client from where that
// client stands. So a slow client falls behind and catches up, and one that comes back resumes, without loss
// or repetition, and memory holds a page of events however many wait.
class EventFeed {
 public:
  static constexpr std::size_t listeners_of_account = 32;
  static constexpr std::size_t page_size = 64;  // events read at once
  static constexpr std::size_t waiting_limit = std::size_t{32} << 10;

  // `ask_for_pump` has pump() called soon on the library's thread; false: it is too busy.
  EventFeed(Accounts::State& accounts, std::function<bool(Pace)> ask_for_pump)
      : accounts_(accounts), ask_for_pump_(std::move(ask_for_pump)) {}

  // A place among the account's streams, given back when its last copy goes. Null: the account has too
  // many. Any thread.
  std::shared_ptr<void> take_seat(const Caller& caller);

  // Any thread. `after` is the number of the last change that the client knows.
  void add(Caller caller, EventWish wish, std::int64_t after, EventOutlet outlet);
  // Any thread; does not wait.
  void wake();

  // Library's thread. What could not be sent now is sent later. An Error: the log cannot be read.
  Status pump(store::EventLog& log);
  // Library's thread. For when there is nothing to read from.
  void end_those_without_right();

 private:
  struct Listener {
    Caller caller;
    EventWish wish;
    std::int64_t position = 0;
    EventOutlet outlet;
  };
  // What one read gave; listeners that stand at the same place share it.
  struct Page {
    std::int64_t after = -1;
    std::vector<store::ChangedEvent> events;
    std::vector<std::string> texts;
  };
  struct Seats {
    std::mutex mutex;
    std::map<std::string, std::size_t> taken;
  };

  void ask(Pace pace);
  void take_newcomers();
  Status read(store::EventLog& log, std::int64_t after, Page& into) const;
  static bool feed(Listener& listener, const Page& page);
  static bool is_for(const Listener& listener, const store::LoggedEvent& event);

  Accounts::State& accounts_;
  const std::function<bool(Pace)> ask_for_pump_;
  const std::shared_ptr<Seats> seats_ = std::make_shared<Seats>();
  // any thread
  std::atomic<bool> asked_{false};
  std::mutex mutex_;
  std::vector<Listener> newcomers_;
  // library's thread
  std::vector<Listener> listeners_;
};

}  // namespace porchlight::api
