// SPDX-License-Identifier: Apache-2.0
#include "gpio/button.hpp"

#include <algorithm>

#include "gpio/chip_lookup.hpp"
#include "gpio/line_trouble.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;

// A storm of noise must not become a storm of events.
constexpr auto lost_edges_said_every = 1s;

const telemetry::Logger& logger() {
  static const telemetry::Logger instance("doorbell.gpio", telemetry::Component::hardware);
  return instance;
}

PressTiming timing_of(const ButtonOptions& options, const Capabilities& capabilities) {
  const auto own = capabilities.kernel_debounce ? std::chrono::milliseconds{0} : options.debounce;
  return {own, options.hold_after, options.stuck_after};
}

ButtonState state_of(PressDetector::Contact contact) noexcept {
  switch (contact) {
    case PressDetector::Contact::open:
      return ButtonState::idle;
    case PressDetector::Contact::closed:
      return ButtonState::pressed;
    case PressDetector::Contact::held:
      return ButtonState::held;
    case PressDetector::Contact::stuck:
      return ButtonState::stuck;
  }
  return ButtonState::idle;
}

}  // namespace

Button::Button(ButtonOptions options, ButtonInstruments instruments, ButtonSurroundings& around)
    : options_(std::move(options)),
      capabilities_(capabilities(options_.backend)),
      instruments_(instruments),
      around_(around),
      detector_(timing_of(options_, capabilities_)),
      pause_(around.pause.first) {
  if (wants_line()) {
    open_at_ = MonotonicTime{};  // at once
    reason_ = LineTrouble::not_opened;
  }
  publish_state();
}

void Button::ring(const event::Header& header, event::TriggerSource source) {
  presses_.fetch_add(1, std::memory_order_relaxed);
  around_.sink(event::Ring{header, options_.id, options_.camera, source});
}

bool Button::open_when_due(MonotonicTime now) {
  if (!open_at_ || now < *open_at_) return false;
  auto line = request_line();
  auto opened = line ? start(std::move(*line), now) : Status(std::move(line).error());
  if (!opened) lose(opened.error(), now);
  return opened.ok();
}

Result<std::unique_ptr<Line>> Button::request_line() {
  const auto found = find_line(options_.chip, options_.line);
  if (!found) return found.error();
  place_ = found->text;
  LineRequest request{found->chip_path, found->offset, options_.active_low, options_.bias};
  if (capabilities_.kernel_debounce) request.debounce = options_.debounce;
  auto line = open_line(options_.backend, request);
  if (!line) return with_user(std::move(line).error(), *found);
  return line;
}

Status Button::start(std::unique_ptr<Line> line, MonotonicTime now) {
  const auto active = line->active();
  if (!active) return active.error();
  line_ = std::move(line);
  open_at_.reset();
  pause_ = around_.pause.first;
  reason_ = LineTrouble::none;
  logger().info("button line opened",
                {{"button", options_.id}, {"line", place_}, {"backend", std::string(capabilities_.name)}});
  if (std::exchange(was_lost_, false)) trouble(event::ButtonFault::chip_back, now);
  findings_.clear();
  detector_.begin(*active, now, findings_);
  report(findings_);
  return {};
}

void Button::lose(const Error& why, MonotonicTime now) {
  line_.reset();
  open_at_ = now + pause_;
  const auto reason = trouble_of(why.code());
  if (reason_.exchange(reason) != reason) {
    logger().warning("button line not readable, trying again",
                     {{"button", options_.id},
                      {"error", why.text()},
                      {"retry_seconds", std::chrono::duration<double>(pause_).count()}});
  }
  pause_ = std::min<std::chrono::nanoseconds>(pause_ * 2, around_.pause.most);
  publish_state();
  if (std::exchange(was_lost_, true)) return;
  instruments_.line_lost.increment();
  trouble(event::ButtonFault::chip_lost, now);
}

void Button::take_edges(bool hung_up) {
  if (!line_) return;
  edges_.clear();
  auto status = line_->read(edges_);
  if (status && edges_.empty() && hung_up) status = Error(ErrorCode::not_found, "read edges: line hung up");
  findings_.clear();
  for (const auto& edge : edges_) detector_.edge(edge, findings_);
  if (!edges_.empty()) last_edge_ns_ = edges_.back().at.time_since_epoch().count();
  report(findings_);
  if (!status) lose(status.error(), around_.clock.now());
}

void Button::advance(MonotonicTime now) {
  if (!line_) return;
  findings_.clear();
  detector_.advance(now, findings_);
  report(findings_);
  if (lost_edges_said_ && now >= *lost_edges_said_ + lost_edges_said_every) report_lost_edges(now);
}

void Button::check_line(MonotonicTime now) {
  if (!line_) return;
  const auto active = line_->active();
  if (!active) return lose(active.error(), now);
  findings_.clear();
  if (!*active) detector_.seen_inactive(now, findings_);
  report(findings_);
}

std::optional<MonotonicTime> Button::next_deadline() const {
  return line_ ? detector_.next_deadline() : open_at_;
}

void Button::report(const Findings& findings) {
  for (const auto& finding : findings) {
    switch (finding.kind) {
      case Finding::Kind::pressed:
        ring(header_at(finding.at), event::TriggerSource::button_press);
        break;
      case Finding::Kind::stuck:
        trouble(event::ButtonFault::stuck, finding.at);
        break;
      case Finding::Kind::released:
        trouble(event::ButtonFault::released, finding.at);
        break;
      case Finding::Kind::lost_edges:
        instruments_.lost_edges.increment(finding.lost);
        lost_edges_.fetch_add(finding.lost, std::memory_order_relaxed);
        unsaid_lost_edges_ += finding.lost;
        break;
    }
  }
  if (unsaid_lost_edges_ > 0 && !lost_edges_said_) report_lost_edges(around_.clock.now());
  publish_state();
}

void Button::report_lost_edges(MonotonicTime at) {
  lost_edges_said_.reset();
  if (unsaid_lost_edges_ == 0) return;
  lost_edges_said_ = at;
  trouble(event::ButtonFault::lost_edges, at, std::exchange(unsaid_lost_edges_, 0));
}

void Button::trouble(event::ButtonFault fault, MonotonicTime at, std::uint32_t lost) {
  around_.sink(event::ButtonTrouble{header_at(at), options_.id, fault, lost});
}

event::Header Button::header_at(MonotonicTime at) const {
  const auto now = around_.clock.now();
  const auto edge = std::min(at, now);
  const auto wall = around_.clock.wall() - std::chrono::duration_cast<WallTime::duration>(now - edge);
  return {event::EventId::generate(wall), wall, edge, event::TraceContext::start()};
}

void Button::publish_state() {
  if (!options_.enabled) {
    state_ = ButtonState::disabled;
  } else if (wants_line() && !line_) {
    state_ = ButtonState::degraded;
  } else {
    state_ = state_of(detector_.contact());
  }
}

ButtonStatus Button::status() const {
  ButtonStatus status;
  status.id = options_.id;
  status.kind = options_.kind;
  status.state = state_.load(std::memory_order_relaxed);
  status.reason = reason_.load(std::memory_order_relaxed);
  status.presses = presses_.load(std::memory_order_relaxed);
  status.backend = options_.kind == ButtonKind::gpio ? capabilities_.name : "virtual";
  if (options_.kind != ButtonKind::gpio) return status;
  const auto last_edge = last_edge_ns_.load(std::memory_order_relaxed);
  if (last_edge >= 0) status.last_edge = MonotonicTime{std::chrono::nanoseconds{last_edge}};
  if (capabilities_.sequence_numbers) status.lost_edges = lost_edges_.load(std::memory_order_relaxed);
  return status;
}

}  // namespace porchlight::gpio
