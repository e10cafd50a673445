// SPDX-License-Identifier: Apache-2.0
#include "porchlight/live/lane.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "live/channel.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/base/queue.hpp"

namespace porchlight::live {
namespace {

using namespace std::chrono_literals;
constexpr auto between_ticks = 1s;
constexpr std::size_t most_indexes = 128;  // that wait
constexpr auto most_indexes_of_viewer = 8;
constexpr auto longest_for_all = 2s;   // an index waits for all streams of a camera
constexpr auto longest_for_one = 15s;  // and for any

struct Newcomer {
  std::string camera;
  Quality quality = Quality::main;
  std::shared_ptr<Viewer> viewer;
};
struct Rung {
  std::string camera;
  MonotonicTime edge{};
};

}  // namespace

struct Lane::State {
  State(LaneOptions wanted, const Clock& time, telemetry::Metrics& metrics, Wakeup own)
      : options(std::move(wanted)),
        clock(time),
        instruments(metrics),
        hls_instruments(metrics, "hls"),
        wakeup(std::move(own)) {}

  void take_sources();
  void take_rings();
  void take_newcomers();
  void seat(Newcomer newcomer);
  Channel* channel_of(const std::string& camera, Quality quality);
  void take_requests();
  void serve(HlsRequest request);
  bool has_room(const std::string& camera) const;
  // False: it has to wait.
  bool tell_renditions(const HlsRequest& request);
  void tell_waiting_renditions();
  void tick();
  bool anything_new() const;

  // const after construction
  const LaneOptions options;
  const Clock& clock;
  LiveInstruments instruments;
  LiveInstruments hls_instruments;
  Wakeup wakeup;
  // towards the lane
  Mailbox<SourcesPtr> new_sources{&wakeup};
  MpscRing<Newcomer, QueueName::viewer, Overflow::refuse> newcomers{256, wakeup};
  MpscRing<HlsRequest, QueueName::viewer, Overflow::refuse> requests{512, wakeup};
  MpscRing<Rung, QueueName::viewer, Overflow::drop_newest> rings{64, wakeup};
  // lane's thread
  std::vector<std::unique_ptr<Channel>> channels;
  std::vector<HlsRequest> indexes;  // that nothing could be told yet
  MonotonicTime ticked{};
  // any thread
  std::atomic<std::uint64_t> withheld{0};
  mutable std::mutex figures_mutex;
  std::vector<FeedFigures> figures;
};

// Who watched a camera whose workers were built anew goes on watching it.
void Lane::State::take_sources() {
  auto sources = new_sources.take();
  if (!sources) return;
  std::vector<std::unique_ptr<Channel>> now;
  for (const auto& source : **sources) {
    const auto same = std::find_if(channels.begin(), channels.end(), [&](const auto& channel) {
      return channel && channel->source().feed == source.feed;
    });
    now.push_back(same == channels.end()
                      ? std::make_unique<Channel>(source, options.limits, clock, instruments, hls_instruments)
                      : std::move(*same));
  }
  auto former = std::exchange(channels, std::move(now));
  for (const auto& channel : former) {
    if (!channel) continue;
    const auto& feed = *channel->source().feed;
    if (auto* heir = channel_of(feed.camera_id(), feed.quality()); heir != nullptr)
      heir->adopt(*channel);
    else
      channel->end_all(going_away, "the camera is no longer configured");
  }
}

Channel* Lane::State::channel_of(const std::string& camera, Quality quality) {
  Channel* found = nullptr;
  for (const auto& channel : channels) {
    const auto& feed = *channel->source().feed;
    if (feed.camera_id() == camera && (found == nullptr || feed.quality() == quality)) found = channel.get();
  }
  return found;
}

void Lane::State::take_rings() {
  while (const auto rung = rings.pop())
    for (const auto& channel : channels)
      if (channel->source().feed->camera_id() == rung->camera) channel->note_ring(rung->edge);
}

void Lane::State::take_newcomers() {
  while (auto newcomer = newcomers.pop()) seat(std::move(*newcomer));
}

bool Lane::State::has_room(const std::string& camera) const {
  std::size_t all = 0, of_camera = 0;
  for (const auto& each : channels) {
    all += each->viewers();
    if (each->source().feed->camera_id() == camera) of_camera += each->viewers();
  }
  return all < options.limits.viewers && of_camera < options.limits.viewers_of_camera;
}

void Lane::State::take_requests() {
  while (auto request = requests.pop()) serve(std::move(*request));
}

void Lane::State::serve(HlsRequest request) {
  auto* channel = channel_of(request.camera, request.name.quality);
  if (channel == nullptr) return request.answer({.status = 503, .why = "the camera is not in use"});
  if (request.name.kind == HlsName::Kind::index) {
    request.came = clock.now();
    request.viewer->asks(request.came);
    if (tell_renditions(request)) return;
    const auto own = std::count_if(indexes.begin(), indexes.end(),
                                   [&](const auto& one) { return one.viewer == request.viewer; });
    if (indexes.size() >= most_indexes || own >= most_indexes_of_viewer)
      return request.answer({.status = 503, .why = "too many requests wait"});
    return indexes.push_back(std::move(request));
  }
  if (!channel->knows(request.viewer.get()) && !has_room(request.camera))
    return request.answer({.status = 503, .why = "too many watch"});
  channel->ask(std::move(request));
}

bool Lane::State::tell_renditions(const HlsRequest& request) {
  std::vector<HlsRendition> found;
  std::size_t all = 0, unsupported = 0;
  for (const auto& channel : channels) {
    if (channel->source().feed->camera_id() != request.camera) continue;
    channel->take_packets();
    ++all;
    if (channel->is_unsupported()) ++unsupported;
    if (auto rendition = channel->rendition()) found.push_back(std::move(*rendition));
  }
  const auto waited = clock.now() - request.came;
  if (all == unsupported) {
    request.answer({.status = 404, .why = "browsers do not take the camera's codec in MP4"});
  } else if (found.size() + unsupported >= all || (!found.empty() && waited > longest_for_all)) {
    std::sort(found.begin(), found.end(),
              [](const auto& one, const auto& other) { return one.quality < other.quality; });
    request.answer({.playlist = multivariant_playlist(found)});
  } else if (waited > longest_for_one) {
    request.answer({.status = 503, .why = "the camera sends no picture at this moment"});
  } else {
    return false;
  }
  return true;
}

void Lane::State::tell_waiting_renditions() {
  std::erase_if(indexes, [this](const auto& request) { return tell_renditions(request); });
}

void Lane::State::seat(Newcomer newcomer) {
  const auto& outlet = newcomer.viewer->outlet;
  if (newcomer.viewer->is_gone()) return;
  auto* channel = channel_of(newcomer.camera, newcomer.quality);
  if (channel == nullptr) return outlet.close(going_away, "the camera is not in use");
  if (!has_room(newcomer.camera)) return outlet.close(try_again_later, "too many watch");
  channel->add(std::move(newcomer.viewer), options.version);
}

void Lane::State::tick() {
  const auto now = clock.now();
  if (now - ticked < between_ticks) return;
  ticked = now;
  tell_waiting_renditions();
  std::uint64_t all = 0;
  std::vector<FeedFigures> seen;
  for (const auto& channel : channels) {
    channel->tick();
    all += channel->withheld();
    seen.push_back(channel->figures());
  }
  withheld.store(all, std::memory_order_relaxed);
  const std::lock_guard lock(figures_mutex);
  figures = std::move(seen);
}

bool Lane::State::anything_new() const {
  return new_sources.has_fresh() || !newcomers.empty() || !requests.empty() || !rings.empty() ||
         std::any_of(channels.begin(), channels.end(),
                     [](const auto& channel) { return channel->source().feed->wants_attention(); });
}

Result<std::unique_ptr<Lane>> Lane::create(LaneOptions options, const Clock& clock,
                                           telemetry::Metrics& metrics) {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error().context("make the live lane");
  return std::unique_ptr<Lane>(
      new Lane(std::make_unique<State>(std::move(options), clock, metrics, std::move(*wakeup))));
}

Lane::Lane(std::unique_ptr<State> state) : state_(std::move(state)) {}
Lane::~Lane() = default;

Wakeup& Lane::wakeup() noexcept {
  return state_->wakeup;
}

void Lane::set_sources(SourcesPtr sources) {
  state_->new_sources.post(std::move(sources));
}

std::shared_ptr<Viewer> Lane::join(const std::string& camera, Quality quality, Outlet outlet) {
  auto viewer = std::make_shared<Viewer>(std::move(outlet), state_->clock.now());
  if (!state_->newcomers.push({camera, quality, viewer}))
    viewer->outlet.close(try_again_later, "too many watch");
  return viewer;
}

void Lane::ask(HlsRequest request) {
  auto answer = request.answer;
  if (!state_->requests.push(std::move(request))) answer({.status = 503, .why = "too many are asking"});
}

void Lane::note_ring(const std::string& camera, MonotonicTime edge) {
  state_->rings.push({camera, edge});
}

void Lane::run(std::stop_token stop, Heartbeat& heartbeat) {
  auto& s = *state_;
  std::stop_callback wake(stop, [&s] { s.wakeup.notify(); });
  while (!stop.stop_requested()) {
    heartbeat.beat();
    s.take_sources();
    s.take_rings();
    for (const auto& channel : s.channels)
      if (channel->source().feed->wants_attention()) channel->take_packets();
    s.take_newcomers();
    s.take_requests();
    s.tick();
    s.wakeup.wait_for(between_ticks, [&] { return s.anything_new() || stop.stop_requested(); });
  }
  s.take_newcomers();
  s.take_requests();
  for (auto& request : std::exchange(s.indexes, {}))
    request.answer({.status = 503, .why = "the daemon stops"});
  for (const auto& channel : s.channels) channel->end_all(going_away, "the daemon stops");
}

std::vector<FeedFigures> Lane::figures() const {
  const std::lock_guard lock(state_->figures_mutex);
  return state_->figures;
}

std::uint64_t Lane::pictures_withheld() const noexcept {
  return state_->withheld.load(std::memory_order_relaxed);
}

}  // namespace porchlight::live
