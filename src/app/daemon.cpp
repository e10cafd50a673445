// SPDX-License-Identifier: Apache-2.0
#include "app/daemon.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "app/accounts_audit.hpp"
#include "app/commands.hpp"
#include "app/deep_checks.hpp"
#include "app/footage_ports.hpp"
#include "app/library.hpp"
#include "app/links.hpp"
#include "app/people.hpp"
#include "porchlight/api/page_places.hpp"
#include "porchlight/api/routes.hpp"
#include "porchlight/http/client.hpp"
#include "porchlight/media/av.hpp"
#include "porchlight/telemetry/build.hpp"

namespace porchlight::app {
namespace {

using namespace std::chrono_literals;
constexpr auto check_period = 1s;
constexpr auto certificate_period = 1h;
constexpr auto stop_limit = 1800ms;  // of the two seconds a stop may take
constexpr auto armed_limit = 10s;    // then we say ready and what is missing

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::vector<std::string> changed_keys(const Settings& old, const Settings& fresh) {
  std::vector<std::string> keys;
  for (const auto* settings : {&old, &fresh})
    for (const auto& [key, fingerprint] : settings->fingerprints)
      if (old.fingerprint(key) != fresh.fingerprint(key) &&
          std::find(keys.begin(), keys.end(), key) == keys.end())
        keys.push_back(key);
  return keys;
}

// Everything the daemon keeps lies in this folder; nobody else may read it.
Status make_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  const bool made = std::filesystem::create_directories(folder, failure);
  if (failure)
    return Error(ErrorCode::io, "create storage.path '" + folder.string() + "': " + failure.message() +
                                    "; create it and give it to the user the daemon runs as");
  if (made && ::chmod(folder.c_str(), 0750) != 0)
    return errno_error(errno, "chmod '" + folder.string() + "'");
  return {};
}

// Whoever is on the other end of the control socket, as the kernel knows it.
store::AuditActor asker_of(const http::Peer& peer) {
  store::AuditActor actor;
  actor.user_id = store::plain("uid:" + std::to_string(peer.uid));
  actor.ip_address = store::plain("local");
  return actor;
}

std::string with_port(const std::string& listen, std::uint16_t port) {
  return listen.substr(0, listen.rfind(':') + 1) + std::to_string(port);
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::create(std::filesystem::path file, Settings settings,
                                               Signals signals) {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error();
  auto daemon = std::unique_ptr<Daemon>(
      new Daemon(std::move(file), std::move(settings), std::move(signals), std::move(*wakeup)));
  if (auto status = daemon->build(); !status) return std::move(status).error();
  return daemon;
}

Daemon::Daemon(std::filesystem::path file, Settings settings, Signals signals, Wakeup wakeup)
    : file_(std::move(file)),
      settings_(std::move(settings)),
      started_(settings_),
      signals_(std::move(signals)),
      metrics_(std::make_unique<telemetry::Metrics>(closed_sets(settings_))),
      config_changes_(metrics_->counter(
          "security_events_total",
          {{"event_type", "config_change"}, {"source", "config"}, {"action_taken", "logged"}})),
      active_connections_(metrics_->gauge("http_client_connections", {{"state", "active"}})),
      idle_connections_(metrics_->gauge("http_client_connections", {{"state", "idle"}})),
      wakeup_(std::move(wakeup)),
      orders_(16, wakeup_),
      supervisor_(std::make_unique<pipeline::Supervisor>(clock_, *metrics_)) {}

Daemon::~Daemon() {
  telemetry::attach_log_metrics(nullptr);
}

Status Daemon::build() {
  using Part = telemetry::Health::Part;
  using PartState = telemetry::Health::PartState;
  media::silence_libav();
  telemetry::attach_log_metrics(metrics_.get());
  health_.set(Part::config, PartState::started);
  if (auto status = make_folder(settings_.house.folder); !status) return status;
  link_key_ = read_link_key(settings_.house.folder, log_);
  telemetry::set_pseudonym_key(read_pseudonym_key(settings_.house.folder));
  settings_.house.links = make_links(link_key_, started_.server.public_url, settings_.house.notifications);
  auto house = pipeline::Pipeline::create(settings_.house, clock_, *metrics_, health_, *supervisor_);
  if (!house) return std::move(house).error();
  pipeline_ = std::move(*house);
  make_accounts();
  library_ = make_library(*pipeline_, *accounts_, started_.house.folder, clock_, *metrics_, health_,
                          make_footage_ports(*pipeline_, started_.house.folder,
                                             started_.house.recording.folder, clock_, *metrics_));
  people_ = make_people(*pipeline_, *library_);
  deep_health_ =
      make_deep_health({*pipeline_, *accounts_, health_, started_.house.folder, clock_, *metrics_});
  make_desk();
  if (auto status = make_server(); !status) return status;
  health_.set(Part::api, PartState::started);
  return {};
}

Status Daemon::make_server() {
  auto tls = started_.server.tls;
  tls.folder = started_.house.folder / "tls";
  auto credentials = http::Credentials::create(std::move(tls), clock_);
  if (!credentials) return std::move(credentials).error();
  credentials_ = std::move(*credentials);
  complain_of_certificate();
  attacks_ = std::make_unique<api::AttackWatch>(clock_, *metrics_, audit_sink());
  http::ServerOptions options;
  options.listen = started_.server.listen;
  options.metrics_listen = started_.server.metrics_listen;
  options.control_socket = started_.control_socket();
  options.credentials = credentials_;
  options.trusted_proxies = started_.server.trusted_proxies;
  options.access_log = started_.access_log;
  options.access_sample = started_.access_sample;
  options.on_rejection = [this](http::Rejection reason, const http::Peer& peer, std::string_view detail) {
    attacks_->note(reason, peer, detail);
  };
  auto router = api::routes(make_port(), *metrics_, health_, *accounts_, *library_, *people_);
  auto server = http::Server::create(options, std::move(router), *metrics_);
  if (!server) return std::move(server).error();
  server_ = std::move(*server);
  return {};
}

api::AuditSink Daemon::audit_sink() {
  return [this](const api::AuditRecord& record) {
    const bool changes_data = record.kind == api::AuditRecord::Kind::data_modification;
    return changes_data ? pipeline_->record(audit_entry(record)) : pipeline_->note(audit_entry(record));
  };
}

void Daemon::make_accounts() {
  auto& executor = pipeline_->accounts();
  api::AccountPorts ports;
  ports.quick = [&executor](api::AccountPorts::Job job) { return executor.quick(std::move(job)); };
  ports.slow = [&executor](api::AccountPorts::Job job) { return executor.slow(std::move(job)); };
  ports.audit = audit_sink();
  ports.ready = [this] { return health_.database_connected.load(); };
  accounts_ = std::make_unique<api::Accounts>(settings_.accounts, settings_.house.folder, clock_, *metrics_,
                                              std::move(ports));
  executor.set_tick([this] { return accounts_->tick(); });
}

void Daemon::make_desk() {
  SettingsDesk::House house;
  house.file = file_;
  house.on_main = [this](std::function<void()> job) { return orders_.push({std::move(job)}); };
  house.reload = [this](const store::AuditActor& asker) { return reload(asker); };
  house.record = [this](store::AuditEntry entry) { return pipeline_->record(std::move(entry)); };
  house.running = [this]() -> const Settings& { return settings_; };
  house.trials = &pipeline_->trials();
  desk_ = std::make_unique<SettingsDesk>(std::move(house));
}

// What the listener's thread may ask. Each answers at once or hands the work to another thread.
api::Port Daemon::make_port() {
  api::Port port;
  port.buttons = [this] { return pipeline_->button_ids(); };
  port.cameras = [this] { return cameras_of(*pipeline_); };
  port.camera_of_button = [this](const std::string& id) { return pipeline_->camera_of_button(id); };
  port.ring = [this](const api::RingOrder& order, api::Answer<api::RingAccepted> answer) {
    auto accepted = [answer](const pipeline::Pipeline::Rung& rung) {
      answer(api::RingAccepted{rung.id, rung.camera_id});
    };
    auto rung = pipeline_->ring(order.button_id, order.source, order.trace, std::move(accepted));
    if (!rung) answer(std::move(rung).error());
  };
  port.status = [this] {
    auto status = nlohmann::json::parse(pipeline_->status());
    status["version"] = telemetry::build_version();
    status["pid"] = ::getpid();
    status["listen"] = {
        {"address", bound_address()}, {"port", server_->port()}, {"tls", credentials_ != nullptr}};
    status["certificate_fault"] = credentials_ ? credentials_->fault() : "";
    status["ready"] = health_.ready();
    status["checks"] = {{"model_loaded", health_.model_loaded.load()},
                        {"database_connected", health_.database_connected.load()},
                        {"storage_accessible", health_.storage_accessible.load()}};
    return status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  port.reload = [this](const http::Peer& asker, api::Answer<api::ReloadReport> answer) {
    auto refused = answer;
    if (!orders_.push(
            {[this, actor = asker_of(asker), answer = std::move(answer)] { answer(reload(actor)); }}))
      refused(Error(ErrorCode::resource, "a reload is already under way"));
  };
  port.resend = [this](const api::ResendOrder& order, api::Answer<api::ResendReport> answer) {
    store::OutboxFilter which;
    which.event_id = order.event_id;
    which.sequence = order.sequence;
    which.channel_id = order.channel_id;
    which.settled_by = order.settled_by;
    pipeline_->resend(std::move(which), asker_of(order.peer),
                      [answer = std::move(answer)](Result<store::Resent> resent) {
                        if (!resent) return answer(std::move(resent).error());
                        answer(api::ResendReport{resent->rows.size(), resent->without_channel, resent->more});
                      });
  };
  port.authority = [this] { return credentials_ ? credentials_->authority() : std::string(); };
  port.link_key = link_key_;
  port.page_places = api::page_places();
  port.runbook_places = api::runbook_places();
  port.language_of_channel = [this](const std::string& id) { return pipeline_->language_of_channel(id); };
  port.answer_event = [this](store::EventAnswer given, api::Answer<store::AnswerOutcome> answer) {
    pipeline_->answer(std::move(given), std::move(answer));
  };
  port.label_event = [this](store::IdentityClaim claim, api::Answer<store::RecognitionLabel> answer) {
    pipeline_->label(std::move(claim), std::move(answer));
  };
  port.take_alerts = [this](std::vector<store::ReceivedAlert> alerts, api::Answer<std::size_t> answer) {
    pipeline_->take_alerts(std::move(alerts), std::move(answer));
  };
  port.outputs = [this] {
    std::vector<api::OutputCondition> list;
    for (const auto& output : pipeline_->outputs())
      list.push_back(
          {output.id, output.cause == gpio::OutputCause::door, output.role == gpio::DoorRole::user});
    return list;
  };
  port.pulse = [this](const api::PulseOrder& order, std::function<void(Status)> done) {
    pipeline_->pulse(order.id, order.not_after, std::move(done));
  };
  port.settings = desk_->ports();
  port.deep_health = [this](api::Answer<api::DeepHealthReport> answer) {
    ask_deep_health(pipeline_->health(), deep_health_, std::move(answer));
  };
  port.faces_changed = [this](api::Answer<std::size_t> answer) {
    pipeline_->faces_changed(std::move(answer));
  };
  return port;
}

// As configured, with the port that was really taken when 0 was asked for.
std::string Daemon::bound_address() const {
  return with_port(started_.server.listen, server_->port());
}

void Daemon::start_workers() {
  supervisor_->start({"log", "sync", pipeline::Stage::log, 10s,
                      [](std::stop_token stop, Heartbeat& beat) { telemetry::run_log_lane(stop, beat); }});
  pipeline_->start();
  supervisor_->start({"http", "http", pipeline::Stage::http, 10s,
                      [this](std::stop_token stop, Heartbeat& beat) { server_->run(stop, beat); }});
  if (server_->metrics_port() != 0)
    supervisor_->start({"metrics", "http", pipeline::Stage::http, 10s,
                        [this](std::stop_token stop, Heartbeat& beat) { server_->run_metrics(stop, beat); }});
}

void Daemon::await_armed() {
  const auto deadline = clock_.now() + armed_limit;
  while (!pipeline_->armed() && clock_.now() < deadline) std::this_thread::sleep_for(1ms);
}

int Daemon::run() {
  start_workers();
  await_armed();
  service_.ready(condition());
  const auto port = server_->metrics_port();
  log_.info("started",
            {{"listen", bound_address()},
             {"metrics_listen", port == 0 ? "off" : with_port(started_.server.metrics_listen, port)},
             {"condition", condition()}});
  if (const auto& dir = started_.log.dir; !dir.empty() && ::access(dir.c_str(), W_OK) != 0)
    log_.error("no log files", {{"fault", errno_error(errno, "write to log.dir '" + dir + "'").text()}});
  for (;;) {
    while (const auto signal = signals_.next()) {
      if (*signal == Signal::stop) return stop();
      reload({});
    }
    while (auto order = orders_.pop()) order->run();
    if (clock_.now() >= next_check_) once_a_second();
    wait_for_news();
  }
}

void Daemon::wait_for_news() {
  wakeup_.arm();
  if (orders_.empty()) {
    auto pause = std::max<std::chrono::nanoseconds>(0ns, next_check_ - clock_.now());
    if (service_.watchdog_period())
      pause = std::min<std::chrono::nanoseconds>(pause, *service_.watchdog_period());
    pollfd waited[] = {{signals_.fd(), POLLIN, 0}, {wakeup_.fd(), POLLIN, 0}};
    ::poll(waited, 2, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(pause).count()));
  }
  wakeup_.disarm();
  if (const auto period = service_.watchdog_period();
      period && !watchdog_held_back_ && clock_.now() >= next_watchdog_) {
    service_.watchdog();
    next_watchdog_ = clock_.now() + *period / 2;
  }
}

void Daemon::once_a_second() {
  next_check_ = clock_.now() + check_period;
  const bool all_beat = supervisor_->check();
  health_.alive = all_beat;
  if (!all_beat && !watchdog_held_back_) service_.status("a worker is silent; the watchdog will restart us");
  watchdog_held_back_ = !all_beat;
  pipeline_->sample();
  show_client_connections();
  deep_health_->show_overdue();
  if (clock_.now() >= next_certificate_check_) refresh_certificate();
}

void Daemon::show_client_connections() {
  const auto now = http::client_connections();
  active_connections_.set(static_cast<double>(now.active));
  idle_connections_.set(static_cast<double>(now.idle));
}

// True when another certificate is shown from now on.
bool Daemon::refresh_certificate() {
  next_certificate_check_ = clock_.now() + certificate_period;
  if (!credentials_) return false;
  const auto renewed = credentials_->refresh();
  if (!renewed)
    log_.error("the old certificate stays", {{"fault", renewed.error().text()}});
  else if (*renewed)
    log_.info("new certificate", {{"expires", rfc3339(credentials_->expires())}});
  complain_of_certificate();
  return renewed.ok() && *renewed;
}

void Daemon::complain_of_certificate() const {
  const auto fault = credentials_ ? credentials_->fault() : std::string();
  if (!fault.empty())
    log_.error("server.tls: one of our own authority stands in for the certificate", {{"fault", fault}});
}

std::string Daemon::condition() const {
  const bool stands_in = credentials_ && !credentials_->fault().empty();
  return pipeline_->condition() + (stands_in ? "; the certificate of server.tls cannot be used" : "");
}

api::ReloadReport Daemon::reload(const store::AuditActor& asker) {
  service_.reloading();
  config::Faults faults;
  auto fresh = read_settings(file_, faults);
  api::ReloadReport report;
  std::string_view said = "configuration refused, the old one stays";
  if (!fresh) {
    report.faults.push_back(fresh.error().text());
  } else if (!faults.all_tolerable()) {
    for (const auto& fault : faults.all()) report.faults.push_back(fault.text());
  } else {
    report = recorded_apply(std::move(*fresh), asker);
    for (const auto& fault : faults.all()) report.warnings.push_back(fault.text());
    said = "configuration not applied, or in part";
  }
  for (const auto& warning : report.warnings)
    log_.error("a fault of the configuration is worked around", {{"fault", warning}});
  for (const auto& fault : report.faults) log_.error(said, {{"fault", fault}});
  if (report.faults.empty())
    log_.info("configuration reloaded", {{"applied", joined(report.applied)},
                                         {"rebuilt", joined(report.restarted)},
                                         {"needs_restart", joined(report.needs_restart)}});
  telemetry::reopen_logs();
  service_.ready(condition());
  return report;
}

// What is read but not taken before the next start.
std::vector<std::string> Daemon::needs_restart(const Settings& fresh) const {
  std::vector<std::string> keys;
  for (const auto* key : {"server", "metrics", "storage", "accounts"})
    if (started_.fingerprint(key) != fresh.fingerprint(key)) keys.emplace_back(key);
  if (fresh.access_log != started_.access_log) keys.emplace_back("log.access");
  if (fresh.access_sample != started_.access_sample) keys.emplace_back("log.sample");
  if (fresh.log.dir != started_.log.dir) keys.emplace_back("log.dir");
  if (fresh.log.json != started_.log.json) keys.emplace_back("log.format");
  if (fresh.log.environment != started_.log.environment) keys.emplace_back("log.environment");
  return keys;
}

// A reload that cannot be recorded is refused. The record names keys, never values: those may be secret.
api::ReloadReport Daemon::recorded_apply(Settings fresh, const store::AuditActor& asker) {
  const auto changed = changed_keys(settings_, fresh);
  const auto record = [this, &asker, &changed](store::AuditResult result) {
    return pipeline_->record(
        {store::SystemChange{"config", "reload",
                             changed.empty() ? "no key changed" : "changed: " + joined(changed), "", "",
                             result},
         asker,
         {}});
  };
  if (auto status = record(store::AuditResult::begun); !status) {
    api::ReloadReport refused;
    refused.faults.push_back("reload refused, because it cannot be recorded: " + status.error().text());
    return refused;
  }
  if (!changed.empty()) config_changes_.increment();
  auto report = apply(std::move(fresh));
  const auto result = report.faults.empty() ? store::AuditResult::success : store::AuditResult::failure;
  if (auto status = record(result); !status)
    log_.error("the outcome of a reload could not be recorded", {{"fault", status.error().text()}});
  return report;
}

api::ReloadReport Daemon::apply(Settings fresh) {
  const auto changed = [&](const char* key) { return settings_.fingerprint(key) != fresh.fingerprint(key); };
  api::ReloadReport report;
  report.needs_restart = needs_restart(fresh);
  if (fresh.slow_query != settings_.slow_query) {
    store::set_slow_query(fresh.slow_query);
    report.applied.emplace_back("database.slow_query_ms");
  }
  if (fresh.log.level != settings_.log.level) report.applied.emplace_back("log.level");
  if (fresh.log.levels != settings_.log.levels) report.applied.emplace_back("log.levels");
  telemetry::set_log_levels(fresh.log.level, fresh.log.levels);
  if (fresh.log.truncate_addresses != settings_.log.truncate_addresses)
    report.applied.emplace_back("privacy.truncate_ip");
  telemetry::truncate_log_addresses(fresh.log.truncate_addresses);
  if (refresh_certificate()) report.applied.emplace_back("server.tls");
  // Where the data lies does not change under a running daemon.
  fresh.house.folder = started_.house.folder;
  fresh.house.recording.folder = started_.house.recording.folder;
  metrics_->extend(closed_sets(fresh));
  fresh.house.links = make_links(link_key_, started_.server.public_url, fresh.house.notifications);
  auto rebuilt = pipeline_->reload(
      fresh.house, {changed("faces"), changed("notifications") || changed("alerting"), changed("mqtt")});
  if (!rebuilt) {
    report.faults.push_back(rebuilt.error().text());
    return report;
  }
  report.restarted = std::move(*rebuilt);
  settings_ = std::move(fresh);
  return report;
}

// A second signal ends the process at once, and so do we when a worker does not return: everything
// acknowledged is on the medium already.
int Daemon::stop() {
  signals_.let_the_next_one_kill();
  service_.stopping();
  log_.info("stopping");
  const bool all_ended = supervisor_->stop(stop_limit);
  pipeline_->tell_longest_sync();
  telemetry::stop_logging();
  if (!all_ended) ::_exit(exit_done);
  return exit_done;
}

}  // namespace porchlight::app
