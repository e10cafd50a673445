// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "api/librarian.hpp"
#include "http/running_server.hpp"
#include "porchlight/api/routes.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::api::test {

// A function the test replaces while the server's thread may look at it.
template <class Function>
class Exchangeable {
 public:
  void operator=(Function function) {
    const std::lock_guard lock(mutex_);
    function_ = std::move(function);
  }
  Function get() {
    const std::lock_guard lock(mutex_);
    return function_;
  }

 private:
  std::mutex mutex_;
  Function function_;
};

// The rest of the house as the routes see it, for a test to play.
struct House {
  std::vector<std::string> buttons = {"front", "garden"};
  std::map<std::string, std::string> camera_of_button = {{"front", "porch"}, {"garden", "lawn"}};
  Exchangeable<std::function<void(RingOrder, Answer<RingAccepted>)>> on_ring;
  Exchangeable<std::function<void(Answer<ReloadReport>)>> on_reload;
  // What the recogniser sees in a photograph.
  Exchangeable<std::function<Result<std::vector<FaceFound>>(std::string_view file, FaceWanted)>> on_examine;
  std::atomic<int> told{0};  // how often the recogniser was told of a change
  std::string status = R"({"state":"running"})";
  std::string authority;
  std::vector<CameraCondition> cameras = {{"porch", "Porch", "connected"}, {"lawn", "Lawn", "stalled"}};
  Exchangeable<std::function<Result<CameraPicture>(const std::string&)>> on_picture;

  // What links are signed with, the channels that are configured, and what the store would answer.
  std::string link_key = std::string(32, 'k');
  std::map<std::string, notify::Language> channels = {{"mum", notify::Language::english},
                                                      {"oma", notify::Language::german}};
  Exchangeable<std::function<Result<store::AnswerOutcome>(const store::EventAnswer&)>> on_answer;
  Exchangeable<std::function<Result<std::size_t>(const std::vector<store::ReceivedAlert>&)>> on_alerts;
  Exchangeable<std::function<Result<store::RecognitionLabel>(const store::IdentityClaim&)>> on_label;

  std::vector<OutputCondition> outputs = {{"chime"}, {"door", true}, {"gate", true, true}};
  Exchangeable<std::function<Status(const std::string&)>> on_pulse;
  // Takes an order and may leave it unanswered; on_pulse is not asked then.
  Exchangeable<std::function<void(const PulseOrder&, std::function<void(Status)>)>> on_order;

  Exchangeable<std::function<Result<DeepHealthReport>()>> on_deep_health;

  // What the settings page is answered.
  Exchangeable<std::function<Result<SettingsOutcome>(const SettingsChange&)>> on_change;
  Exchangeable<std::function<Result<CameraTrialOutcome>(const std::string&)>> on_camera_trial;
  Exchangeable<std::function<Result<ChannelTrialOutcome>(const std::pair<std::string, AuditRecord>&)>>
      on_channel_trial;
  Exchangeable<std::function<Result<std::string>(const RuleTrial&)>> on_rule_trial;

  // What makes films and pictures of footage, and what keeps it.
  Exchangeable<std::function<Status(const ClipOrder&, const std::function<void()>&, const std::stop_token&)>>
      on_render;
  Exchangeable<std::function<Result<std::string>(const store::Segment&, std::chrono::milliseconds, int)>>
      on_thumbnail;
  Exchangeable<std::function<Status(std::int64_t, bool)>> on_protect;

  SettingsPorts settings() {
    SettingsPorts made;
    const auto asked = [](auto& exchangeable, const auto& order, const auto& answer) {
      const auto play = exchangeable.get();
      if (play) return answer(play(order));
      answer(Error(ErrorCode::unavailable, "nobody plays the settings"));
    };
    made.show = [](const SettingsPorts::Answer<SettingsShown>& answer) {
      answer(SettingsShown{R"({"sections":{}})", "0123abcd"});
    };
    made.change = [=, this](const SettingsChange& order,
                            const SettingsPorts::Answer<SettingsOutcome>& answer) {
      asked(on_change, order, answer);
    };
    made.try_camera = [=, this](const std::string& order,
                                const SettingsPorts::Answer<CameraTrialOutcome>& answer) {
      asked(on_camera_trial, order, answer);
    };
    made.try_channel = [=, this](const std::string& id, const AuditRecord& record,
                                 const SettingsPorts::Answer<ChannelTrialOutcome>& answer) {
      asked(on_channel_trial, std::pair(id, record), answer);
    };
    made.try_rules = [=, this](const RuleTrial& order, const SettingsPorts::Answer<std::string>& answer) {
      asked(on_rule_trial, order, answer);
    };
    return made;
  }
  Port port() {
    Port made;
    made.settings = settings();
    made.outputs = [this] { return outputs; };
    made.pulse = [this](const PulseOrder& order, const std::function<void(Status)>& done) {
      if (const auto take = on_order.get()) return take(order, done);
      const auto pulse = on_pulse.get();
      done(pulse ? pulse(order.id) : Error(ErrorCode::unavailable, "nothing is wired"));
    };
    made.link_key = link_key;
    made.language_of_channel = [this](const std::string& id) {
      const auto found = channels.find(id);
      return found == channels.end() ? std::nullopt : std::optional(found->second);
    };
    made.answer_event = [this](const store::EventAnswer& given, const Answer<store::AnswerOutcome>& answer) {
      const auto store = on_answer.get();
      answer(store ? store(given) : Error(ErrorCode::unavailable, "the event log is not open"));
    };
    made.label_event = label_event();
    made.take_alerts = [this](const std::vector<store::ReceivedAlert>& alerts,
                              const Answer<std::size_t>& answer) {
      const auto store = on_alerts.get();
      answer(store ? store(alerts) : Error(ErrorCode::unavailable, "the event log is not open"));
    };
    made.buttons = [this] { return buttons; };
    made.camera_of_button = [this](const std::string& id) {
      const auto found = camera_of_button.find(id);
      return found == camera_of_button.end() ? std::string() : found->second;
    };
    made.ring = [this](RingOrder order, Answer<RingAccepted> answer) {
      on_ring.get()(std::move(order), std::move(answer));
    };
    made.status = [this] { return status; };
    made.cameras = [this] { return cameras; };
    made.reload = [this](const http::Peer&, Answer<ReloadReport> answer) {
      on_reload.get()(std::move(answer));
    };
    made.authority = [this] { return authority; };
    made.faces_changed = [](Answer<std::size_t> answer) { answer(std::size_t{3}); };
    made.deep_health = [this](const Answer<DeepHealthReport>& answer) {
      const auto look = on_deep_health.get();
      answer(look ? look() : Error(ErrorCode::unavailable, "nobody plays the checks"));
    };
    made.resend = [](const ResendOrder& order, const Answer<ResendReport>& answer) {
      answer(ResendReport{order.sequence.value_or(7), order.channel_id.size(), order.event_id.has_value()});
    };
    return made;
  }
  IdentityPort label_event() {
    return [this](const store::IdentityClaim& claim, const Answer<store::RecognitionLabel>& answer) {
      const auto store = on_label.get();
      answer(store ? store(claim) : Error(ErrorCode::unavailable, "the event log is not open"));
    };
  }
  PeoplePorts people_ports() {
    PeoplePorts made;
    made.label_event = label_event();
    made.examine = [this](std::string_view file, FaceWanted wanted, MonotonicTime,
                          const Answer<std::vector<FaceFound>>& answer) {
      const auto examine = on_examine.get();
      answer(examine ? examine(file, wanted) : Error(ErrorCode::unavailable, "no models"));
    };
    made.faces_changed = [this](const Answer<std::size_t>& answer) {
      ++told;
      answer(std::size_t{1});
    };
    return made;
  }
};

// The executor of a test: every job runs at once on the thread that brings it, one at a time.
struct Serial {
  explicit Serial(bool database_is_open = true) : database(database_is_open) {}
  AccountPorts ports() {
    const auto submit = [this](const AccountPorts::Job& job) {
      if (full) return false;
      if (const auto first = before_job.get()) first();
      const std::lock_guard lock(mutex);
      job();
      return true;
    };
    AccountPorts made;
    made.quick = submit;
    made.slow = submit;
    made.ready = [this] { return database.load(); };
    made.audit = [this](const AuditRecord& record) -> Status {
      if (const auto meanwhile = while_recording.get()) meanwhile();
      const std::lock_guard lock(audit_mutex);
      if (audit_fails) return Error(ErrorCode::io, "write the audit trail: disk full");
      records.push_back(record);
      return {};
    };
    return made;
  }
  std::vector<AuditRecord> recorded() {
    const std::lock_guard lock(audit_mutex);
    return records;
  }
  std::mutex mutex;
  std::mutex audit_mutex;
  std::atomic<bool> full{false};
  std::atomic<bool> database;
  std::atomic<bool> audit_fails{false};
  Exchangeable<std::function<void()>> before_job;       // what happens while a job waits
  Exchangeable<std::function<void()>> while_recording;  // and while its record is written
  std::vector<AuditRecord> records;
};

// Argon2id at its cheapest: what is tested is who asks for it and how often.
inline constexpr PasswordCost cheap{1, 8192};

// The real routes on a real server; the health's clock stands still (it begins one second in).
class ApiTest : public testing::Test {
 protected:
  House house;
  SimulatedClock clock{WallTime{std::chrono::milliseconds{1'738'124'411'950}}};
  telemetry::Health health{clock};
  Serial executor;  // begins with an open database, unless the test says otherwise
  http::test::TemporaryFolder data;
  std::unique_ptr<Accounts> accounts;
  std::unique_ptr<Library> library;
  std::unique_ptr<People> people;
  Librarian librarian;
  Librarian cutter;  // makes the clips
  http::test::RunningServer server{
      endpoints(), [this](telemetry::Metrics& metrics) {
        AccountOptions options;
        options.password = cheap;
        accounts = std::make_unique<Accounts>(options, data.path(), clock, metrics, executor.ports());
        accounts->tick();
        library = std::make_unique<Library>(data.path(), clock, metrics, *accounts, library_ports());
        people = std::make_unique<People>(*library, house.people_ports());
        return routes(house.port(), metrics, health, *accounts, *library, *people);
      }};
  explicit ApiTest(bool database_is_open = true) : executor(database_is_open) {
    telemetry::set_log_level(telemetry::Level::critical);  // refusals are what is tested
  }
  std::function<void(live::HlsRequest)> on_hls;  // listener's thread; set before the first request
  LibraryPorts library_ports() {
    LibraryPorts ports;
    ports.quick = [this](LibraryPorts::Job job) { return librarian.submit(std::move(job)); };
    ports.slow = ports.quick;
    ports.footage = footage_ports();
    ports.watch = [this](const std::string& camera, live::Quality quality, live::Outlet outlet) {
      auto viewer = std::make_shared<live::Viewer>(std::move(outlet), clock.now());
      viewer->outlet.text(camera + ' ' + std::string(to_string(quality)));
      return viewer;
    };
    ports.watch_pictures = [this](const std::string& camera, int rate, live::PictureOutlet outlet) {
      auto viewer = std::make_shared<live::PictureViewer>(rate, std::move(outlet));
      viewer->outlet.send(std::make_shared<const std::string>(camera + ' ' + std::to_string(rate)));
      return viewer;
    };
    ports.hls = [this](live::HlsRequest request) {
      if (on_hls) return on_hls(std::move(request));
      request.answer({.status = 404, .why = "nothing is there"});
    };
    ports.picture = [this](const std::string& camera) -> Result<CameraPicture> {
      const auto picture = house.on_picture.get();
      if (!picture) return Error(ErrorCode::unavailable, "camera '" + camera + "' shows no picture");
      return picture(camera);
    };
    return ports;
  }
  FootagePorts footage_ports() {
    FootagePorts ports;
    ports.folder = data.path() / "recordings";
    ports.rolls = [] { return FootagePorts::Rolls{std::chrono::seconds(8), std::chrono::seconds(5)}; };
    ports.slow = [this](FootagePorts::Job job) {
      return cutter.submit([this, job = std::move(job)] { job(stopping.get_token()); });
    };
    ports.quick = ports.slow;
    ports.render = [this](const ClipOrder& order, const std::function<void()>& going_on,
                          const std::stop_token& stop) -> Status {
      const auto render = house.on_render.get();
      return render ? render(order, going_on, stop) : Status(Error(ErrorCode::unavailable, "no footage"));
    };
    ports.thumbnail = [this](const store::Segment& segment, std::chrono::milliseconds into,
                             int width) -> Result<std::string> {
      const auto thumbnail = house.on_thumbnail.get();
      if (!thumbnail) return Error(ErrorCode::unavailable, "no footage");
      return thumbnail(segment, into, width);
    };
    ports.protect = [this](std::int64_t id, bool wanted, const std::function<void(Status)>& done) {
      const auto protect = house.on_protect.get();
      done(protect ? protect(id, wanted) : Status(Error(ErrorCode::unavailable, "nothing records")));
    };
    return ports;
  }
  std::stop_source stopping;  // of the daemon
  ~ApiTest() override {
    server.stop();
    cutter.stop();
    // Before the metrics, which the server has.
    server.server.reset();
    librarian.stop();
    people.reset();
    library.reset();
    accounts.reset();
    telemetry::set_log_level(telemetry::Level::info);
  }
};

}  // namespace porchlight::api::test
