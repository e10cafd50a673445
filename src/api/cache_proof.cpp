// SPDX-License-Identifier: Apache-2.0
// Whether what the house keeps in memory of sessions and of login attempts takes, gives back and forgets.
#include <utility>

#include "api/accounts_state.hpp"

namespace porchlight::api {
namespace {

constexpr const char* nobody = "nobody's";  // no hash of a cookie, no address and no name of an account

Error wrong(const char* what) {
  return {ErrorCode::internal, std::string("the directory of sessions ") + what};
}

}  // namespace

// A session of nobody's goes into the directory that every request is judged by, and out of it again.
Status Accounts::State::prove_sessions() {
  const auto before = directory();
  if (!before->read) return Error(ErrorCode::unavailable, "the accounts have not been read yet");
  const auto now = clock.wall();
  auto with = std::make_shared<Directory>(*before);
  KnownSession session{{}, std::make_shared<SessionLife>(now)};
  session.row.created = now;
  with->sessions.emplace(nobody, session);
  show(std::move(with));
  const auto shown = directory();
  show(before);
  const auto found = shown->sessions.find(nobody);
  if (found == shown->sessions.end()) return wrong("does not give back what it took");
  if (is_expired(found->second, now)) return wrong("lets end what has just begun");
  if (!is_expired(found->second, now + options.session_idle)) return wrong("lets nothing end");
  if (directory()->sessions.contains(nobody)) return wrong("does not forget");
  return {};
}

void Accounts::prove_caches(std::function<void(Status)> done) {
  auto refused = done;
  const bool taken = state_->ports.quick([state = state_.get(), done = std::move(done)] {
    auto status = state->prove_sessions();
    if (status) status = state->throttle.prove();
    done(std::move(status));
  });
  if (!taken) refused(Error(ErrorCode::resource, "too many jobs wait for the accounts' thread"));
}

}  // namespace porchlight::api
