// SPDX-License-Identifier: Apache-2.0
#include "api/event_feed.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "api/event_answers.hpp"
#include "api/standing.hpp"

namespace porchlight::api {

std::shared_ptr<void> EventFeed::take_seat(const Caller& caller) {
  // The control socket's callers have no account: each uid counts as one.
  auto account = caller.user_id == 0 ? caller.name : std::to_string(caller.user_id);
  {
    const std::lock_guard lock(seats_->mutex);
    auto& taken = seats_->taken[account];
    if (taken >= listeners_of_account) return nullptr;
    ++taken;
  }
  // The value is of no use; it must only be there.
  return {seats_.get(), [seats = seats_, account = std::move(account)](void*) {
            const std::lock_guard lock(seats->mutex);
            if (--seats->taken[account] == 0) seats->taken.erase(account);
          }};
}

void EventFeed::add(Caller caller, EventWish wish, std::int64_t after, EventOutlet outlet) {
  {
    const std::lock_guard lock(mutex_);
    newcomers_.push_back({std::move(caller), std::move(wish), after, std::move(outlet)});
  }
  wake();
}

void EventFeed::wake() {
  ask(Pace::quick);
}

void EventFeed::ask(Pace pace) {
  if (asked_.exchange(true)) return;
  // The library's tick comes within a second, whoever was too busy now.
  if (!ask_for_pump_(pace)) asked_.store(false);
}

void EventFeed::take_newcomers() {
  const std::lock_guard lock(mutex_);
  listeners_.insert(listeners_.end(), std::make_move_iterator(newcomers_.begin()),
                    std::make_move_iterator(newcomers_.end()));
  newcomers_.clear();
}

void EventFeed::end_those_without_right() {
  take_newcomers();
  const auto known = accounts_.directory();
  std::erase_if(listeners_, [&](const Listener& listener) {
    if (!listener.outlet.is_open()) return true;
    if (still_holds(accounts_, *known, listener.caller)) return false;
    listener.outlet.end();
    return true;
  });
}

Status EventFeed::read(store::EventLog& log, std::int64_t after, Page& into) const {
  if (into.after == after) return {};
  auto events = log.changed_after(after, page_size);
  if (!events) return std::move(events).error();
  into = {after, std::move(*events), {}};
  for (const auto& changed : into.events) into.texts.push_back(event_json(changed.event).dump());
  return {};
}

bool EventFeed::is_for(const Listener& listener, const store::LoggedEvent& event) {
  const auto& wish = listener.wish;
  return listener.caller.cameras.allows(event.camera_id) && (wish.type.empty() || wish.type == event.type) &&
         (wish.camera.empty() || wish.camera == event.camera_id);
}

// False when the client has as much as may wait for it: the rest when it took some.
bool EventFeed::feed(Listener& listener, const Page& page) {
  for (std::size_t i = 0; i < page.events.size(); ++i) {
    if (listener.outlet.waiting() > waiting_limit) return false;
    const auto& changed = page.events[i];
    if (is_for(listener, changed.event) && !listener.outlet.send({changed.change, page.texts[i]}))
      return false;
    listener.position = changed.change;
  }
  return true;
}

Status EventFeed::pump(store::EventLog& log) {
  asked_.store(false);  // before the reads: what is committed from now on asks again
  end_those_without_right();
  // Neighbours share a page.
  std::sort(listeners_.begin(), listeners_.end(),
            [](const Listener& a, const Listener& b) { return a.position < b.position; });
  Page shared;
  bool more = false;
  for (auto& listener : listeners_) {
    if (auto status = read(log, listener.position, shared); !status) return status;
    // Once more, after the read: what was committed after a right had ended is not sent.
    if (!still_holds(accounts_, *accounts_.directory(), listener.caller)) {
      listener.outlet.end();
      continue;
    }
    const bool took_all = feed(listener, shared);
    more = more || (took_all && shared.events.size() == page_size);
  }
  // Who catches up takes turns with those who wait for a picture.
  if (more) ask(Pace::slow);
  return {};
}

}  // namespace porchlight::api
