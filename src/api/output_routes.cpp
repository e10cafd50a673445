// SPDX-License-Identifier: Apache-2.0
#include "api/output_routes.hpp"

#include <algorithm>
#include <future>
#include <memory>
#include <utility>

#include "api/account_routes.hpp"
#include "api/paths.hpp"
#include "api/standing.hpp"
#include "api/visit_limit.hpp"
#include "porchlight/config/document.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;

constexpr std::uint32_t openings_a_minute = 6;  // of one account at one door
// A door that opens when whoever asked has gone away lets somebody else in.
constexpr std::chrono::seconds patience{3};
// The lane writes nothing later than this, and an answer is waited for longer: whoever is told that the door
// stayed shut does not see it open after all.
constexpr std::chrono::seconds line_limit{1};
constexpr std::chrono::seconds answer_limit{2};

struct Doorman {
  Doorman(Accounts::State& known, const Port& port)
      : accounts(known), outputs(port.outputs), pulse(port.pulse), visits(known.clock, openings_a_minute) {}

  Accounts::State& accounts;
  const OutputList outputs;
  const OutputPulse pulse;
  VisitLimit visits;  // listener's thread
};

std::optional<OutputCondition> find(const std::vector<OutputCondition>& all, const std::string& id) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& output) { return output.id == id; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

Response no_such_output(const std::vector<OutputCondition>& all, const Request& request) {
  const auto& id = request.parameter("id");
  std::vector<std::string> ids;
  for (const auto& output : all) ids.push_back(output.id);
  auto detail = "there is no output '" + id + "'";
  if (const auto near = config::suggestion(id, ids))
    detail += " (did you mean '" + *near + "'?)";
  else if (all.empty())
    detail += "; the configuration has none";
  return refusal(404, std::move(detail), request);
}

Response too_often(const Request& request) {
  auto response = refusal(429, "the door was opened often enough for this minute", request);
  response.headers.emplace_back("Retry-After", "60");
  return response;
}

Response switched(const Status& status, const std::string& id, const Request& request) {
  if (status) return json_answer(200, {{"id", id}});
  auto response = refusal(503, status.error().text(), request);
  response.headers.emplace_back("Retry-After", "2");
  return response;
}

// Waits for the lane that writes the line, so that the audit trail gets the truth. Accounts' thread.
Status switch_on(const Doorman& doorman, const PulseOrder& order) {
  const auto promise = std::make_shared<std::promise<Status>>();
  auto done = promise->get_future();
  doorman.pulse(order, [promise](Status status) { promise->set_value(std::move(status)); });
  if (done.wait_for(answer_limit) != std::future_status::ready)
    return Error(ErrorCode::timeout, "switch '" + order.id + "' on: the outputs do not answer");
  return done.get();
}

// Why the door stays shut for one who was let as far as this.
std::optional<Response> reason_to_stay_shut(const Accounts::State& accounts, const Request& request,
                                            const Caller& caller, MonotonicTime asked) {
  if (!still_holds(accounts, *accounts.directory(), caller))
    return refusal(403, "the session has ended", request);
  if (accounts.clock.now() - asked > patience)
    return refusal(503, "too busy to open the door in time; it stays shut", request);
  return std::nullopt;
}

// Asked before it is put on record and again after, which a slow card may make seconds later.
Response open_door(const Doorman& doorman, const Request& request, const Caller& caller,
                   MonotonicTime asked) {
  auto& accounts = doorman.accounts;
  if (auto shut = reason_to_stay_shut(accounts, request, caller, asked)) return std::move(*shut);
  if (auto refused = record_change(accounts, request, caller.name, "update", R"({"door":"opened"})"))
    return std::move(*refused);
  if (auto shut = reason_to_stay_shut(accounts, request, caller, asked)) return std::move(*shut);
  const auto& id = request.parameter("id");
  const auto status = switch_on(doorman, {id, std::min(asked + patience, accounts.clock.now() + line_limit)});
  if (status) accounts.log.info("a door was opened", {{"output", id}, {"user_id", caller.user_id}});
  return switched(status, id, request);
}

void ask_to_open(const std::shared_ptr<Doorman>& doorman, const Request& request, const Caller& caller,
                 const Responder& responder) {
  auto& accounts = doorman->accounts;
  const auto& id = request.parameter("id");
  const auto forbid = [&](const char* permission, const char* why) {
    note_refusal(accounts, request, caller, permission);
    responder.send(refusal(403, why, request));
  };
  if (caller.kind != Caller::Kind::session) return forbid("a session", "a door opens for a session only");
  const auto all = doorman->outputs();
  const auto door = find(all, id);
  if (!door) return void(responder.send(no_such_output(all, request)));
  if (!door->is_door)
    return void(responder.send(refusal(404, "the output '" + id + "' is no door", request)));
  if (!door->for_users && caller.role != store::Role::admin)
    return forbid("admin", "this door is for administrators");
  if (!doorman->visits.may_come(caller.name + '\n' + id)) return void(responder.send(too_often(request)));
  run(accounts, Pace::quick, request, responder,
      [doorman, request = request, caller, asked = accounts.clock.now()](OpenAccounts&) {
        return open_door(*doorman, request, caller, asked);
      });
}

void try_output(const Doorman& doorman, const Request& request, const Responder& responder) {
  const auto& id = request.parameter("id");
  const auto all = doorman.outputs();
  const auto output = find(all, id);
  if (!output) return void(responder.send(no_such_output(all, request)));
  if (output->is_door)
    return void(responder.send(refusal(409, "'" + id + "' is a door: it opens for a session only", request)));
  doorman.pulse({id, doorman.accounts.clock.now() + line_limit},
                [responder, id, request = request](const Status& status) {
                  responder.send(switched(status, id, request));
                });
}

}  // namespace

void add_output_routes(Guard& guard, Accounts::State& accounts, const Port& port) {
  const auto doorman = std::make_shared<Doorman>(accounts, port);
  guard.add({.method = http::Method::post, .path = paths::output_open, .statuses = {200, 404, 429, 503}},
            Access::from(store::Role::user, Scope::manage).by_session(),
            [doorman](const Request& request, const Caller& caller, const Responder& responder) {
              ask_to_open(doorman, request, caller, responder);
            });
  guard.add({.method = http::Method::post,
             .path = paths::output_test,
             .handler = [doorman](const Request& request,
                                  const Responder& responder) { try_output(*doorman, request, responder); },
             .statuses = {200, 404, 409, 503}},
            Access::control_socket());
}

}  // namespace porchlight::api
