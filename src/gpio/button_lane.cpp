// SPDX-License-Identifier: Apache-2.0
#include "porchlight/gpio/button_lane.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

#include "gpio/button.hpp"
#include "porchlight/base/queue.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "porchlight/base/wakeup.hpp"
#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t command_capacity = 64;
constexpr auto longest_sleep = 1s;
constexpr std::uint32_t wakeup_tag = ~std::uint32_t{0};

// A ring asked for by command, on its way to the lane.
struct Command {
  event::Header header;
  std::uint32_t button = 0;
  event::TriggerSource source = event::TriggerSource::cli;
};
using CommandRing = MpscRing<Command, QueueName::button, Overflow::must_not_fill>;

}  // namespace

struct ButtonLane::State {
  State(ButtonSurroundings surroundings, Wakeup wake, UniqueFd epoll)
      : around(std::move(surroundings)), wakeup(std::move(wake)), epoll_fd(std::move(epoll)) {}

  Status watch(int fd, std::uint32_t tag, std::uint32_t events) const;
  void open_lines(MonotonicTime now);
  void sleep(MonotonicTime now, const std::stop_token& stop);
  std::chrono::nanoseconds time_to_next(MonotonicTime now) const;
  void ring_commands();
  void pass_time();

  // const after construction
  ButtonSurroundings around;
  std::vector<std::unique_ptr<Button>> buttons;
  // any thread
  Wakeup wakeup;
  CommandRing commands{command_capacity, wakeup};
  std::atomic<bool> armed{false};
  // the lane's thread
  UniqueFd epoll_fd;
  MonotonicTime lines_checked{};
};

Status ButtonLane::State::watch(int fd, std::uint32_t tag, std::uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.u32 = tag;
  if (::epoll_ctl(epoll_fd.get(), EPOLL_CTL_ADD, fd, &event) < 0)
    return errno_error(errno, "watch descriptor");
  return {};
}

void ButtonLane::State::open_lines(MonotonicTime now) {
  for (std::uint32_t i = 0; i < buttons.size(); ++i) {
    if (!buttons[i]->open_when_due(now)) continue;
    if (const auto watched = watch(buttons[i]->fd(), i, EPOLLIN); !watched)
      buttons[i]->lose(watched.error(), now);
  }
}

std::chrono::nanoseconds ButtonLane::State::time_to_next(MonotonicTime now) const {
  auto next = std::min<MonotonicTime>(now + longest_sleep, lines_checked + longest_sleep);
  for (const auto& button : buttons) {
    if (const auto deadline = button->next_deadline()) next = std::min(next, *deadline);
  }
  return std::max<std::chrono::nanoseconds>(next - now, 0ns);
}

void ButtonLane::State::sleep(MonotonicTime now, const std::stop_token& stop) {
  std::array<epoll_event, 16> events;
  // Rounded up, so that a deadline has passed when we wake.
  auto timeout = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(time_to_next(now)).count());
  wakeup.arm();
  if (stop.stop_requested() || !commands.empty()) timeout = 0;
  const int count = ::epoll_wait(epoll_fd.get(), events.data(), static_cast<int>(events.size()), timeout);
  wakeup.disarm();
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    if (event.data.u32 != wakeup_tag)
      buttons[event.data.u32]->take_edges((event.events & (EPOLLHUP | EPOLLERR)) != 0);
  }
}

void ButtonLane::State::ring_commands() {
  while (const auto command = commands.pop())
    buttons[command->button]->ring(command->header, command->source);
}

void ButtonLane::State::pass_time() {
  const auto now = around.clock.now();
  const bool check = now >= lines_checked + longest_sleep;
  if (check) lines_checked = now;
  for (const auto& button : buttons) {
    button->advance(now);
    if (check) button->check_line(now);
  }
}

ButtonLane::ButtonLane(std::unique_ptr<State> state) : state_(std::move(state)) {}
ButtonLane::~ButtonLane() = default;

Result<std::unique_ptr<ButtonLane>> ButtonLane::create(std::vector<ButtonOptions> options, const Clock& clock,
                                                       Sink sink, const InstrumentsOf& instruments_of,
                                                       ReopenPause pause) {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error();
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return errno_error(errno, "create epoll");
  auto state = std::make_unique<State>(ButtonSurroundings{clock, std::move(sink), pause}, std::move(*wakeup),
                                       std::move(epoll));
  if (auto watched = state->watch(state->wakeup.fd(), wakeup_tag, EPOLLIN); !watched) return watched.error();
  for (auto& one : options) {
    const auto instruments = instruments_of ? instruments_of(one) : ButtonInstruments{};
    state->buttons.push_back(std::make_unique<Button>(std::move(one), instruments, state->around));
  }
  return std::unique_ptr<ButtonLane>(new ButtonLane(std::move(state)));
}

void ButtonLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  const std::stop_callback wake(stop, [this] { state_->wakeup.notify(); });
  while (!stop.stop_requested()) {
    heartbeat.beat();
    const auto now = state_->around.clock.now();
    state_->open_lines(now);
    state_->armed.store(true, std::memory_order_release);
    state_->sleep(now, stop);
    state_->ring_commands();
    state_->pass_time();
  }
}

Result<event::EventId> ButtonLane::press(std::string_view button_id, event::TriggerSource source,
                                         const event::TraceContext& trace) {
  for (std::uint32_t i = 0; i < state_->buttons.size(); ++i) {
    const auto& options = state_->buttons[i]->options();
    if (options.id != button_id || !options.enabled) continue;
    auto header = event::make_header(state_->around.clock);
    header.trace = trace;
    header.request_id = telemetry::current_log_context().request_id;
    header.correlation_id = telemetry::current_log_context().correlation_id;
    const auto id = header.id;
    if (state_->commands.push({std::move(header), i, source})) return id;
    return Error(ErrorCode::resource, "ring '" + options.id + "': too many rings are waiting");
  }
  return Error(ErrorCode::not_found, "ring '" + std::string(button_id) + "': no enabled button has that id");
}

std::vector<ButtonStatus> ButtonLane::status() const {
  std::vector<ButtonStatus> all;
  for (const auto& button : state_->buttons) all.push_back(button->status());
  return all;
}

bool ButtonLane::armed() const noexcept {
  return state_->armed.load(std::memory_order_acquire);
}
std::size_t ButtonLane::queue_size() const noexcept {
  return state_->commands.size();
}
std::size_t ButtonLane::queue_capacity() const noexcept {
  return state_->commands.capacity();
}
std::uint64_t ButtonLane::queue_dropped() const noexcept {
  return state_->commands.dropped();
}

}  // namespace porchlight::gpio
