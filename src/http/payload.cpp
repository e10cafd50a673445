// SPDX-License-Identifier: Apache-2.0
#include "http/payload.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "http/form.hpp"
#include "http/text.hpp"
#include "porchlight/base/utf8.hpp"

namespace porchlight::http {
namespace {

// Builds nothing: counts how deep it goes and which keys it meets.
class Inspector : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Inspector(std::size_t depth) : depth_(depth) {}
  std::string fault;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return enter(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  // Two readers of one object must not see two values.
  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    fault = "a key stands twice in one object of the JSON";
    return false;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    if (fault.empty()) fault = "the body is no JSON: wrong at byte " + std::to_string(position);
    return false;
  }

 private:
  bool enter() {
    keys_.emplace_back();
    if (keys_.size() <= depth_) return true;
    fault = "the JSON is nested too deeply";
    return false;
  }
  bool leave() {
    keys_.pop_back();
    return true;
  }
  const std::size_t depth_;
  std::vector<std::set<std::string>> keys_;
};

bool is_json(std::string_view content_type) {
  return equal_without_case(trimmed(content_type.substr(0, content_type.find(';'))), "application/json");
}

PayloadFault malformed(std::string_view what) {
  return {Rejection::malformed, {.status = 400, .detail = std::string(what)}};
}

PayloadFault wrong_type(std::string_view wanted) {
  return {Rejection::bad_content_type, {.status = 415, .detail = "the body must be " + std::string(wanted)}};
}

}  // namespace

std::string json_fault(std::string_view text, std::size_t depth) {
  if (!is_utf8(text)) return "the body is not UTF-8";
  Inspector inspector(depth);
  nlohmann::json::sax_parse(text, &inspector);
  return inspector.fault;
}

std::optional<PayloadFault> read_payload(Payload wanted, Request& request, const Limits& limits) {
  const auto type = request.header("content-type");
  if (wanted == Payload::json_or_form) wanted = is_json(type) ? Payload::json : Payload::form;
  if (wanted == Payload::json) {
    if (!is_json(type)) return wrong_type("application/json");
    auto fault = json_fault(request.body, limits.json_depth);
    if (!fault.empty()) return malformed(fault);
  }
  if (wanted == Payload::form) {
    const auto boundary = form_boundary(type);
    if (!boundary) return wrong_type("multipart/form-data with a boundary");
    auto form = parse_form(request.body, *boundary, limits.form_parts);
    if (!form.fault.empty()) return malformed(form.fault);
    request.parts = std::move(form.parts);
  }
  return std::nullopt;
}

}  // namespace porchlight::http
