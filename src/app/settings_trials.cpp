// SPDX-License-Identifier: Apache-2.0
#include "app/settings_trials.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/accounts_audit.hpp"
#include "app/channel_trial.hpp"
#include "app/event_words.hpp"
#include "porchlight/api/settings_page.hpp"
#include "porchlight/camera/trial.hpp"
#include "porchlight/media/jpeg.hpp"
#include "porchlight/notify/dry_run.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::app {
namespace {

using api::CameraTrialOutcome;
using api::ChannelTrialOutcome;
using nlohmann::ordered_json;

constexpr std::chrono::seconds camera_limit{15};
constexpr int widest = 640;  // pixels
constexpr const char* exec_type = "exec";

template <class T>
using Answer = api::SettingsPorts::Answer<T>;

Error busy(const char* what) {
  return {ErrorCode::resource, what};
}

const char* reason_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::invalid_argument:
      return "address";
    case ErrorCode::auth:
    case ErrorCode::permission_denied:
      return "auth";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::decode:
    case ErrorCode::corrupt:
      return "decode";
    case ErrorCode::unsupported:
      return "unsupported";
    default:
      return "network";
  }
}

const char* advice_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found:
      return "look up the path of the stream in the camera's manual; `porchlight cameras discover` asks it";
    case ErrorCode::invalid_argument:
      return "write the camera's number instead of its name, or mend the name";
    case ErrorCode::auth:
    case ErrorCode::permission_denied:
      return "give the user and the password that the camera itself asks for";
    case ErrorCode::timeout:
      return "switch the stream on in the camera, or try the other transport";
    case ErrorCode::decode:
    case ErrorCode::corrupt:
    case ErrorCode::unsupported:
      return "set the stream to H.264 or H.265 in the camera";
    default:
      return "look whether the camera is on, in the same network, and at this address and port";
  }
}

CameraTrialOutcome refused(std::string reason, std::string detail, std::vector<api::KeyFault> faults = {}) {
  CameraTrialOutcome outcome;
  outcome.reason = std::move(reason);
  outcome.detail = std::move(detail);
  outcome.faults = std::move(faults);
  return outcome;
}

// The stored login of the camera of that id goes to the host that it was given for, and to no other.
void take_stored_login(ordered_json& keys, const Settings& running, camera::CameraOptions& camera) {
  if (!keys.contains("id") || keys.contains("password")) return;
  const auto& cameras = running.house.cameras;
  const auto stored =
      std::find_if(cameras.begin(), cameras.end(), [&](const auto& one) { return keys["id"] == one.id; });
  if (stored == cameras.end() || !camera.password.empty()) return;
  if (stored->kind != camera.kind ||
      api::origin_of_address(stored->url) != api::origin_of_address(camera.url))
    return;
  const bool believes_more = (!camera.tls_verify && stored->tls_verify) ||
                             (!camera.ca_file.empty() && camera.ca_file != stored->ca_file);
  if (believes_more) return;
  if (!camera.user.empty() && camera.user != stored->user) return;
  camera.user = stored->user;
  camera.password = stored->password;
}

// The camera of these keys, or why it is not tried.
std::variant<camera::CameraOptions, CameraTrialOutcome> camera_of(const std::string& text,
                                                                  const Settings& running) {
  auto keys = ordered_json::parse(text);
  auto trial = api::trial_text(keys);
  config::Faults faults;
  const auto document = config::Document::parse(trial.yaml, "trial", faults);
  auto root = document.root();
  auto cameras = camera::read_cameras(root);
  root.finish();
  for (auto& fault : api::key_faults(faults.all(), document.raw(), "cameras", "trial"))
    trial.faults.push_back(std::move(fault));
  if (!trial.faults.empty() || cameras.size() != 1)
    return refused("validation", "the camera's keys have faults", std::move(trial.faults));
  auto camera = std::move(cameras.front());
  if (camera.kind == camera::SourceKind::exec)
    return refused("unsupported", "a program is written into the main file by hand, and not tried from here");
  if (camera.kind == camera::SourceKind::file)
    return refused("unsupported", "a file is not tried from here; save the camera, and look at its picture");
  take_stored_login(keys, running, camera);
  return camera.main();
}

Result<CameraTrialOutcome> try_one(const camera::CameraOptions& camera, std::stop_token stop) {
  SystemClock clock;
  const auto sight = camera::try_camera(camera, clock, camera_limit, std::move(stop));
  if (!sight)
    return refused(reason_of(sight.error().code()),
                   sight.error().text() + "; " + advice_of(sight.error().code()));
  CameraTrialOutcome outcome;
  outcome.codec = sight->codec;
  outcome.width = sight->width;
  outcome.height = sight->height;
  outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(sight->took);
  auto encoder = media::JpegEncoder::create({.quality = 80, .max_width = widest});
  if (!encoder) return std::move(encoder).error();
  const auto jpeg = encoder->encode(*sight->frame);
  if (!jpeg) return refused("decode", jpeg.error().text() + "; " + advice_of(ErrorCode::decode));
  outcome.picture.assign(jpeg->begin(), jpeg->end());
  return outcome;
}

Result<ChannelTrialOutcome> try_one(const notify::ChannelOptions& channel, std::stop_token stop) {
  const SystemClock clock;
  const auto begun = clock.now();
  const auto delivery = deliver_once(channel, test_ring(), clock, std::move(stop));
  if (!delivery) return delivery.error();
  ChannelTrialOutcome outcome;
  outcome.delivered = delivery->kind == notify::Delivery::Kind::delivered;
  outcome.reason = delivery->text;
  outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - begun);
  return outcome;
}

Result<std::string> try_rules(const api::RuleTrial& trial, const Settings& running) {
  const SystemClock clock;
  const auto event = event_of_words(trial.event, trial.at.value_or(clock.wall()), running.house);
  if (!event) return event.error();
  notify::DryRun run(running.house.notifications);
  const auto outcome = run.tell(*event);
  if (!outcome) return outcome.error();
  return run.json_of(*outcome);
}

// One trial at a time; the next one is let in when the last holder is gone, whatever became of it.
class Turn {
 public:
  std::shared_ptr<const void> take() {
    if (taken_->exchange(true)) return nullptr;
    return {taken_.get(), [taken = taken_](const void*) { taken->store(false); }};
  }

 private:
  std::shared_ptr<std::atomic<bool>> taken_ = std::make_shared<std::atomic<bool>>(false);
};

constexpr const char* one_at_a_time = "something is being tried at this moment; try again when that is done";

// Tries `what` on the executor's thread. `turn` is let go before the answer, so that the next trial may
// follow.
template <class What, class T>
void try_later(pipeline::Executor& executor, std::shared_ptr<const void> turn, What what,
               const Answer<T>& answer) {
  const bool taken =
      executor.slow([&executor, turn = std::move(turn), what = std::move(what), answer]() mutable {
        auto outcome = try_one(what, executor.stop_token());
        turn.reset();
        answer(std::move(outcome));
      });
  if (!taken) answer(busy(one_at_a_time));
}

// The running channel of that id, or why it is not tried.
Result<notify::ChannelOptions> channel_of(const std::string& id, const Settings& running) {
  const auto& channels = running.house.notifications.channels;
  const auto channel =
      std::find_if(channels.begin(), channels.end(), [&](const auto& one) { return one.id == id; });
  if (channel == channels.end()) return Error(ErrorCode::not_found, "there is no channel '" + id + "'");
  if (channel->type == exec_type)
    return Error(ErrorCode::unsupported,
                 "a program is tried on the machine itself: porchlight notify test " + id);
  if (auto status = can_be_tried(*channel); !status) return std::move(status).error();
  return *channel;
}

Status put_on_record(const TrialHouse& house, api::AuditRecord record, std::optional<bool> done) {
  record.done = done;
  return house.record(audit_entry(record));
}

void try_channel(const TrialHouse& house, std::shared_ptr<const void> turn, const std::string& id,
                 const api::AuditRecord& record, const Answer<ChannelTrialOutcome>& answer) {
  auto channel = channel_of(id, house.running());
  if (channel && !put_on_record(house, record, std::nullopt))
    channel = Error(ErrorCode::unavailable, "the audit trail cannot be written, so nothing was sent");
  if (!channel) {
    turn.reset();
    return answer(std::move(channel).error());
  }
  const Answer<ChannelTrialOutcome> recorded = [=](Result<ChannelTrialOutcome> outcome) {
    const auto finish = [=] {
      static_cast<void>(put_on_record(house, record, outcome && outcome->delivered));
      answer(outcome);
    };
    if (house.on_main(finish)) return;
    const telemetry::Logger log{"doorbell.app", telemetry::Component::system};
    log.error("what became of a test message is not on record", {{"channel", id}});
    answer(outcome);
  };
  try_later(house.executor, std::move(turn), std::move(*channel), recorded);
}

void try_camera(const TrialHouse& house, std::shared_ptr<const void> turn, const std::string& keys,
                const Answer<CameraTrialOutcome>& answer) {
  auto camera = camera_of(keys, house.running());
  if (auto* no = std::get_if<CameraTrialOutcome>(&camera)) {
    turn.reset();  // before the answer: whoever has it may ask again
    return answer(std::move(*no));
  }
  try_later(house.executor, std::move(turn), std::get<camera::CameraOptions>(std::move(camera)), answer);
}

}  // namespace

void add_trials(api::SettingsPorts& ports, TrialHouse house) {
  const auto turns = std::make_shared<Turn>();
  ports.try_camera = [=](const std::string& keys, const Answer<CameraTrialOutcome>& answer) {
    auto turn = turns->take();
    const auto job = [=]() mutable { try_camera(house, std::move(turn), keys, answer); };
    if (!turn || !house.on_main(job)) answer(busy(one_at_a_time));
  };
  ports.try_channel = [=](const std::string& id, const api::AuditRecord& record,
                          const Answer<ChannelTrialOutcome>& answer) {
    auto turn = turns->take();
    const auto job = [=]() mutable { try_channel(house, std::move(turn), id, record, answer); };
    if (!turn || !house.on_main(job)) answer(busy(one_at_a_time));
  };
  ports.try_rules = [=](const api::RuleTrial& trial, const Answer<std::string>& answer) {
    if (!house.on_main([=] { answer(try_rules(trial, house.running())); })) answer(busy(one_at_a_time));
  };
}

}  // namespace porchlight::app
