// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/http/message.hpp"
#include "porchlight/http/responder.hpp"

namespace porchlight::http {

// Runs on the listener's thread and must not wait: it answers at once or hands the responder on.
using Handler = std::function<void(const Request&, Responder)>;

// Called with the head of a request, before anything is asked of its body, the length included. An
// answer refuses; nothing lets pass, and the gate may have set Request::identity. Listener's thread; must
// not wait.
using Gate = std::function<std::optional<Response>(Request&)>;

enum class Visibility : std::uint8_t { everywhere, unix_only };

// What a body must be; checked before the handler runs.
enum class Payload : std::uint8_t {
  any,
  json,  // application/json, well-formed UTF-8, no key twice in an object, not nested too deeply: else 415,
         // 400
  form,  // multipart/form-data: Request::parts is filled; else 415, 400
  json_or_form,  // whichever of the two the Content-Type says
};

struct Route {
  Method method = Method::get;  // GET answers HEAD too
  std::string path;             // template: /api/v1/buttons/{id}/ring
  Visibility visibility = Visibility::unix_only;
  Handler handler{};
  std::vector<int> statuses = {200};                  // what it answers; their counters exist from the start
  std::optional<std::size_t> body_bytes{};            // instead of Limits::body_bytes
  std::optional<std::chrono::milliseconds> answer{};  // instead of Limits::answer
  Gate gate{};
  Payload payload = Payload::any;
  // Told what was answered, whoever answered (gate, handler, deadline), once the answer is with the kernel.
  // Listener's thread; must not wait.
  std::function<void(int status)> done{};
};

// /metrics, /health and /health/…: what the metrics listener has, and what is answered in the clear
// to the machine itself beside TLS.
bool is_monitoring_path(std::string_view path) noexcept;

// The route table. Filled before the server starts, constant from then on.
class Router {
 public:
  // A template without leading '/', a duplicate or a missing handler is a bug and asserts.
  void add(Route route);

  struct Match {
    const Route* route = nullptr;  // null: see status
    int status = 404;              // 404 or 405
    std::string allow;             // of a 405: what this listener would take
    std::map<std::string, std::string> parameters;
  };
  // What does not exist on `listener` is 404 there, whatever the other listener knows.
  Match match(Method method, std::string_view path, Listener listener) const;

  const std::vector<Route>& routes() const noexcept { return routes_; }
  // Distinct templates in order of addition: the closed set of the `endpoint` label.
  std::vector<std::string> templates() const;

 private:
  std::vector<Route> routes_;
};

}  // namespace porchlight::http
