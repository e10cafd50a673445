// SPDX-License-Identifier: Apache-2.0
#include "gpio/output.hpp"

#include <algorithm>
#include <utility>

#include "gpio/button_lines.hpp"
#include "gpio/line.hpp"
#include "gpio/line_trouble.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;

// What a trial of a light lasts.
constexpr auto trial = 1s;

const telemetry::Logger& logger() {
  static const telemetry::Logger instance("doorbell.gpio", telemetry::Component::hardware);
  return instance;
}

}  // namespace

Output::Output(OutputOptions options, OutputInstruments instruments, ReopenPause pause)
    : options_(std::move(options)), instruments_(instruments), pauses_(pause), pause_(pause.first) {
  if (options_.enabled) open_at_ = MonotonicTime{};  // at once
  publish_state();
}

void Output::set_buttons(ButtonsPtr buttons) {
  if (buttons == buttons_) return;
  buttons_ = std::move(buttons);
  if (line_ && !free_of_buttons(place_, *buttons_)) let_go();
}

void Output::open_when_due(MonotonicTime now) {
  if (!open_at_ || now < *open_at_) return;
  if (const auto opened = open(now); !opened) return;
  if (lit_ && !options_.pulse) (void)write(true, now);
}

Result<std::unique_ptr<OutputLine>> Output::request() {
  auto found = find_line(options_.chip, options_.line);
  if (!found) return std::move(found).error();
  place_ = std::move(*found);
  if (auto free = free_of_buttons(place_, *buttons_); !free) return free.error();
  auto line = open_output_line(options_.backend, {place_.chip_path, place_.offset, options_.active_low});
  if (!line) return with_user(std::move(line).error(), place_);
  return line;
}

Status Output::open(MonotonicTime now) {
  auto line = request();
  if (!line) {
    lose(line.error(), now);
    return line.error();
  }
  line_ = std::move(*line);
  on_ = false;
  open_at_.reset();
  pause_ = pauses_.first;
  was_lost_ = false;
  reason_ = LineTrouble::none;
  publish_state();
  logger().info("output line opened", {{"output", options_.id},
                                       {"line", place_.text},
                                       {"backend", std::string(capabilities(options_.backend).name)}});
  return {};
}

void Output::lose(const Error& why, MonotonicTime now) {
  line_.reset();
  on_ = false;
  pulse_ends_.reset();
  open_at_ = now + pause_;
  const auto reason = trouble_of(why.code());
  if (reason_.exchange(reason) != reason || !was_lost_) {
    logger().warning("output line not writable, trying again",
                     {{"output", options_.id},
                      {"error", why.text()},
                      {"retry_seconds", std::chrono::duration<double>(pause_).count()}});
  }
  pause_ = std::min<std::chrono::nanoseconds>(pause_ * 2, pauses_.most);
  publish_state();
  if (!std::exchange(was_lost_, true)) instruments_.line_lost.increment();
}

Status Output::write(bool on, MonotonicTime now) {
  auto written = line_->set(on);
  if (!written) {
    lose(written.error(), now);
    return written;
  }
  if (on && !on_) switched_on_.fetch_add(1, std::memory_order_relaxed);
  on_ = on;
  publish_state();
  return {};
}

Result<bool> Output::pulse(MonotonicTime now) {
  if (!options_.enabled)
    return Error(ErrorCode::unavailable, "switch '" + options_.id + "' on: the output is not enabled");
  advance(now);  // the one before may have ended meanwhile
  if (pulse_ends_) return false;
  if (!line_) {
    if (auto opened = open(now); !opened)
      return std::move(opened).error().context("switch '" + options_.id + "' on");
  }
  const bool was_on = on_;
  if (auto written = write(true, now); !written)
    return std::move(written).error().context("switch '" + options_.id + "' on");
  pulse_ends_ = now + options_.pulse.value_or(trial);
  return !was_on;
}

void Output::light(bool lit, MonotonicTime now) {
  lit = lit && !is_quiet_;
  if (std::exchange(lit_, lit) == lit) return;
  if (options_.pulse) {
    if (lit) (void)pulse(now);
    return;
  }
  if (line_ && !pulse_ends_) (void)write(lit, now);
}

void Output::advance(MonotonicTime now) {
  if (!pulse_ends_ || now < *pulse_ends_) return;
  pulse_ends_.reset();
  const bool stays = lit_ && !options_.pulse;
  if (line_ && !stays) (void)write(false, now);
}

void Output::check_line(MonotonicTime now) {
  if (!line_) return;
  if (const auto active = line_->active(); !active) lose(active.error(), now);
}

void Output::look_at_hours(WallTime now) {
  is_quiet_ = options_.is_quiet && options_.is_quiet(now);
}

void Output::let_go() {
  // The chip may be gone: then there is nothing to switch off.
  if (line_) (void)line_->set(false);
  line_.reset();
  on_ = lit_ = false;
  pulse_ends_.reset();
  if (options_.enabled) open_at_ = MonotonicTime{};
  reason_ = LineTrouble::not_opened;
  publish_state();
}

std::optional<MonotonicTime> Output::next_deadline() const {
  return line_ ? pulse_ends_ : open_at_;
}

void Output::publish_state() {
  if (!options_.enabled) {
    state_ = OutputState::disabled;
  } else if (!line_) {
    state_ = OutputState::degraded;
  } else {
    state_ = on_ ? OutputState::on : OutputState::off;
  }
  if (line_)
    instruments_.active.set(on_ ? 1 : 0);
  else
    instruments_.active.clear();
}

OutputStatus Output::status() const {
  OutputStatus status;
  status.id = options_.id;
  status.name = options_.name;
  status.cause = options_.cause;
  status.role = options_.role;
  status.pulse = options_.pulse.value_or(std::chrono::milliseconds{0});
  status.state = state_.load(std::memory_order_relaxed);
  status.reason = reason_.load(std::memory_order_relaxed);
  status.backend = capabilities(options_.backend).name;
  status.switched_on = switched_on_.load(std::memory_order_relaxed);
  return status;
}

}  // namespace porchlight::gpio
