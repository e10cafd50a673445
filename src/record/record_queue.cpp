// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "porchlight/record/recorder.hpp"

namespace porchlight::record {
namespace {

// Kept for what is not a packet: those are few, and none of them may be lost.
constexpr std::size_t reserved = 64;

constexpr MonotonicTime::rep nothing = -1;

bool is_keyframe(const media::PacketPtr& packet) {
  return packet->keyframe && packet->stream->kind == media::MediaKind::video;
}

std::size_t bytes_of(const RecordItem& item) {
  const auto* packet = std::get_if<media::PacketPtr>(&item);
  return packet == nullptr ? 0 : (*packet)->size;
}

}  // namespace

struct RecordQueue::State {
  State(Limits wanted, Wakeup consumer)
      : limits(wanted), wakeup(std::move(consumer)), ring(wanted.items + reserved, quiet) {}

  bool fits(std::size_t size) const noexcept {
    const auto waiting = bytes.load(std::memory_order_relaxed);
    return ring.size() + reserved < ring.capacity() && (waiting == 0 || waiting + size <= limits.bytes);
  }

  bool put(RecordItem item) {
    const auto size = bytes_of(item);
    bytes.fetch_add(size, std::memory_order_relaxed);
    if (ring.push(std::move(item))) return true;
    bytes.fetch_sub(size, std::memory_order_relaxed);
    return false;
  }

  void leave_out(const media::Packet& packet) {
    if (!left_out) left_out = LeftOut{0, packet.arrived, packet.arrived};
    ++left_out->packets;
    left_out->to = packet.arrived;
    show_owed();
    dropped.fetch_add(1, std::memory_order_relaxed);
  }

  // Readers may see one left-out packet more or less than belongs to the times: it is for people.
  void show_owed() noexcept {
    owed_from.store(left_out ? left_out->from.time_since_epoch().count() : nothing,
                    std::memory_order_relaxed);
    owed_to.store(left_out ? left_out->to.time_since_epoch().count() : nothing, std::memory_order_relaxed);
    owed_packets.store(left_out ? left_out->packets : 0, std::memory_order_relaxed);
  }

  // What could not be said yet, in the order in which it happened.
  bool settle() {
    if (left_out) {
      if (!put(*left_out)) return false;
      left_out.reset();
      show_owed();
    }
    if (gone && !put(*gone)) return false;
    gone.reset();
    return true;
  }

  void push_packet(media::PacketPtr packet) {
    // Behind what was left out only a keyframe is of use; and what was left out is said first.
    if ((left_out && !is_keyframe(packet)) || !fits(packet->size) || !settle()) return leave_out(*packet);
    const auto kept = packet;
    if (!put(std::move(packet))) leave_out(*kept);
  }

  void push_note(RecordItem item) {
    if (std::holds_alternative<CameraGone>(item)) urgent.store(true, std::memory_order_relaxed);
    if (settle() && put(item)) return;
    // Even the reserve is full, so a LeftOut is owed or will be; the first end of the connection is the one
    // that counts.
    if (const auto* went = std::get_if<CameraGone>(&item); went != nullptr && !gone) gone = *went;
    if (const auto* lost = std::get_if<PicturesLost>(&item); lost != nullptr && !left_out)
      left_out = LeftOut{0, lost->at, lost->at};
    show_owed();
  }

  bool is_half_full() const noexcept {
    return ring.size() * 2 > ring.capacity() || bytes.load(std::memory_order_relaxed) * 2 > limits.bytes;
  }

  // const after construction
  const Limits limits;
  Wakeup wakeup;
  Wakeup quiet{UniqueFd{}};  // never armed: a packet costs no system call
  SpscRing<RecordItem, QueueName::recording, Overflow::refuse> ring;
  // producer thread
  std::optional<LeftOut> left_out;
  std::optional<CameraGone> gone;
  // any thread; each is the whole message: relaxed
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<bool> urgent{false};
  std::atomic<MonotonicTime::rep> owed_from{nothing};
  std::atomic<MonotonicTime::rep> owed_to{nothing};
  std::atomic<std::uint64_t> owed_packets{0};
};

Result<std::unique_ptr<RecordQueue>> RecordQueue::create(Limits limits) {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error().context("make a queue for recording");
  return std::unique_ptr<RecordQueue>(
      new RecordQueue(std::make_unique<State>(limits, std::move(wakeup).value())));
}

RecordQueue::RecordQueue(std::unique_ptr<State> state) : state_(std::move(state)) {}
RecordQueue::~RecordQueue() = default;

void RecordQueue::push(RecordItem item) {
  if (auto* packet = std::get_if<media::PacketPtr>(&item))
    state_->push_packet(std::move(*packet));
  else
    state_->push_note(std::move(item));
  if (wants_attention()) state_->wakeup.notify();
}

std::optional<RecordItem> RecordQueue::pop() {
  state_->urgent.store(false, std::memory_order_relaxed);
  auto item = state_->ring.pop();
  if (item) state_->bytes.fetch_sub(bytes_of(*item), std::memory_order_relaxed);
  return item;
}

std::optional<LeftOut> RecordQueue::owed() const noexcept {
  const auto from = state_->owed_from.load(std::memory_order_relaxed);
  const auto to = state_->owed_to.load(std::memory_order_relaxed);
  if (from == nothing || to == nothing) return std::nullopt;
  return LeftOut{state_->owed_packets.load(std::memory_order_relaxed),
                 MonotonicTime{MonotonicTime::duration{from}}, MonotonicTime{MonotonicTime::duration{to}}};
}

Wakeup& RecordQueue::wakeup() noexcept {
  return state_->wakeup;
}
bool RecordQueue::wants_attention() const noexcept {
  return state_->urgent.load(std::memory_order_relaxed) || state_->is_half_full();
}
std::size_t RecordQueue::size() const noexcept {
  return state_->ring.size();
}
std::size_t RecordQueue::capacity() const noexcept {
  return state_->ring.capacity();
}
std::size_t RecordQueue::bytes() const noexcept {
  return state_->bytes.load(std::memory_order_relaxed);
}
std::uint64_t RecordQueue::dropped() const noexcept {
  return state_->dropped.load(std::memory_order_relaxed);
}

}  // namespace porchlight::record
