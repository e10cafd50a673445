// SPDX-License-Identifier: Apache-2.0
// The audit log for administrators: what lies in it, and whether it is as it was written.
#include <algorithm>
#include <utility>

#include "api/account_routes.hpp"
#include "api/audit_check.hpp"
#include "api/json_body.hpp"
#include "api/paths.hpp"
#include "api/people_routes.hpp"
#include "api/query.hpp"
#include "porchlight/store/audit_event.hpp"
#include "porchlight/store/audit_page.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;

constexpr std::int64_t default_limit = 50;
constexpr std::int64_t largest_limit = 200;
constexpr std::int64_t largest_index = INT64_MAX;
constexpr std::size_t longest_shown = 1024;  // of a damaged line
// Records are parsed one by one to be held against a filter: so many take a slow board a fraction of a
// second.
constexpr std::size_t bytes_of_page = std::size_t{256} << 10;

struct Wanted {
  store::AuditFilter filter;
  std::string user;
  std::string cursor;
  store::AuditPageLimits limits;
};

Wanted read_wanted(Query& query) {
  Wanted wanted;
  wanted.limits.bytes_read = bytes_of_page;
  wanted.limits.records = static_cast<std::size_t>(query.integer("limit", 1, largest_limit, default_limit));
  wanted.cursor = query.text("cursor").value_or("");
  wanted.user = query.text("user").value_or("");
  auto& filter = wanted.filter;
  filter.audit_type = query.text("audit_type").value_or("");
  const auto kinds = store::audit_types();
  if (!filter.audit_type.empty() && std::find(kinds.begin(), kinds.end(), filter.audit_type) == kinds.end())
    query.fault("parameter 'audit_type' is none of the eight kinds");
  if (const auto from = query.time("from")) filter.from = rfc3339(*from);
  if (const auto to = query.time("to")) filter.to = rfc3339(*to);
  return wanted;
}

// The log names an account by a commitment. Whoever asks may name it by its name, or as the log does.
Status name_user(OpenLibrary& open, Wanted& wanted) {
  if (wanted.user.empty()) return {};
  wanted.filter.users.push_back(wanted.user);
  auto reference = store::audit_reference_to(*open.database, "account:" + wanted.user);
  if (!reference) return std::move(reference).error();
  if (!reference->empty()) wanted.filter.users.push_back(std::move(*reference));
  return {};
}

// Records go out byte by byte as they lie in the file, so that whoever has the key can check them.
std::string page_json(const store::AuditPage& page) {
  using nlohmann::json;
  std::string text = R"({"records":[)";
  for (const auto& line : page.lines) {
    if (text.back() != '[') text += ',';
    if (line.is_record)
      text += line.text;
    else
      text += json{{"malformed", line.text.substr(0, longest_shown)}}.dump(-1, ' ', false,
                                                                           json::error_handler_t::replace);
  }
  text += R"(],"next_cursor":)";
  return text + (page.next.empty() ? "null" : json(page.next).dump()) + "}";
}

Response read_failure(const Error& error, const event::TraceContext& trace) {
  if (error.code() == ErrorCode::invalid_argument)
    return http::problem_response({.status = 400, .detail = error.text()}, trace);
  return busy(error.text().c_str(), trace);
}

void read(Library::State& library, const Request& request, const Caller& caller, const Responder& responder) {
  Query query(request, {"limit", "cursor", "audit_type", "user", "from", "to"});
  auto wanted = read_wanted(query);
  if (auto wrong = query.refusal(request)) return void(responder.send(std::move(*wrong)));
  run(library, Pace::slow, request, responder,
      [&library, request = request, caller,
       wanted = std::move(wanted)](OpenLibrary& open) mutable -> Result<Response> {
        if (auto status = name_user(open, wanted); !status) return std::move(status).error();
        const auto page = store::read_audit_page(library.folder, wanted.filter, wanted.cursor, wanted.limits);
        if (!page) return read_failure(page.error(), request.trace);
        library.looks.note(request, caller);
        return Response::json(200, page_json(*page));
      });
}

void verify(Library::State& library, Slots& one, const Request& request, const Caller& caller,
            const Responder& responder) {
  Query query(request, {"start_index", "end_index"});
  store::AuditRange range;
  range.from = static_cast<std::uint64_t>(query.integer("start_index", 0, largest_index, 0));
  if (query.text("end_index"))
    range.to = static_cast<std::uint64_t>(query.integer("end_index", 0, largest_index, 0));
  if (auto wrong = query.refusal(request)) return void(responder.send(std::move(*wrong)));
  auto permit = one.take();
  if (!permit) return void(responder.send(busy("the audit log is being verified already", request.trace)));
  library.looks.note(request, caller);
  std::make_shared<AuditCheck>(library, range, request.trace, responder, std::move(permit))->begin();
}

}  // namespace

void add_audit_routes(Guard& guard, Library::State& library) {
  const auto admin = Access::from(store::Role::admin, Scope::manage);
  guard.add({.method = http::Method::get, .path = paths::audit, .statuses = {200, 400, 503}}, admin,
            [&library](const Request& request, const Caller& caller, const Responder& responder) {
              read(library, request, caller, responder);
            });
  guard.add({.method = http::Method::get,
             .path = paths::audit_verify,
             .statuses = {200, 400, 503},
             .answer = audit_check_deadline},
            admin,
            [&library, one = std::make_shared<Slots>(1)](const Request& request, const Caller& caller,
                                                         const Responder& responder) {
              verify(library, *one, request, caller, responder);
            });
}

}  // namespace porchlight::api
