// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/access.hpp"
#include "api/accounts_state.hpp"
#include "porchlight/api/port.hpp"
#include "porchlight/http/router.hpp"

namespace porchlight::api {

// A handler that knows who asks: what its route's gate found out (Request::identity).
using CallerHandler = std::function<void(const http::Request&, const Caller&, const http::Responder&)>;

// The table of permissions. Every route goes into the router through add(); nothing that add() does
// not know may be in it when router() is asked for. Filled at start, then const; the listeners' threads.
// A request is judged in its route's gate: by its head, before its body is read.
class Guard {
 public:
  Guard(Accounts::State& accounts, std::function<std::string(const std::string&)> camera_of_button)
      : judge_(std::make_shared<Judge>(accounts, std::move(camera_of_button))) {}

  // The one place where a permission and a route meet. A gate of the route's own comes second.
  void add(http::Route route, Access access, CallerHandler handler);
  void add(http::Route route, Access access);  // with the route's own handler
  http::Router router() &&;
  const std::vector<http::Route>& routes() const noexcept { return router_.routes(); }
  const Access& access(const http::Route& route) const { return declared_.at({route.method, route.path}); }

  // Ends the process when a route declares no permission: a program with such a route must not serve.
  static void expect_complete(const http::Router& router,
                              const std::map<std::pair<http::Method, std::string>, Access>& declared);

 private:
  class Judge {
   public:
    Judge(Accounts::State& accounts, std::function<std::string(const std::string&)> camera_of_button)
        : accounts_(accounts), camera_of_button_(std::move(camera_of_button)) {}
    // Nothing when the route is for whoever asks; who that is stands in Request::identity then.
    std::optional<http::Response> judge(http::Request& request, const Access& access) const;

   private:
    Caller identify(const http::Request& request) const;
    bool is_too_early(const http::Request& request) const;
    std::optional<http::Response> refusal(const http::Request& request, const Caller& caller,
                                          const Access& access) const;
    std::optional<http::Response> forged_request(const http::Request& request, const Caller& caller) const;
    Caller by_cookie(const http::Request& request, const Directory& known) const;
    Caller by_header(const Directory& known, std::string_view value) const;
    Caller by_api_token(const Directory& known, std::string_view token) const;
    Caller by_password(const Directory& known, std::string_view pair) const;
    Caller by_scrape_token(const Directory& known, std::string_view secret) const;
    std::optional<http::Response> missing_right(const http::Request& request, const Caller& caller,
                                                const Access& access) const;
    http::Response forbidden(const http::Request& request, const Caller& caller, const Access& access,
                             std::string why) const;

    Accounts::State& accounts_;
    const std::function<std::string(const std::string&)> camera_of_button_;
  };

  std::shared_ptr<const Judge> judge_;
  http::Router router_;
  std::map<std::pair<http::Method, std::string>, Access> declared_;
};

// Whether a request that changes something was made by our own page (Origin, Sec-Fetch-Site). Clients
// without a browser send neither.
bool is_own_origin(const http::Request& request);

}  // namespace porchlight::api
