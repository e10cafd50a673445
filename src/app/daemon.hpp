// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/settings.hpp"
#include "app/settings_desk.hpp"
#include "app/signals.hpp"
#include "app/systemd.hpp"
#include "porchlight/api/accounts.hpp"
#include "porchlight/api/attack_watch.hpp"
#include "porchlight/api/library.hpp"
#include "porchlight/api/people.hpp"
#include "porchlight/api/port.hpp"
#include "porchlight/base/queue.hpp"
#include "porchlight/http/server.hpp"
#include "porchlight/observe/deep_health.hpp"
#include "porchlight/pipeline/pipeline.hpp"
#include "porchlight/pipeline/supervisor.hpp"
#include "porchlight/store/audit_event.hpp"
#include "porchlight/telemetry/health.hpp"

namespace porchlight::app {

// The running daemon: owns everything, in the order in which it may be taken down. Main thread.
class Daemon {
 public:
  // `file` is read again on reload.
  static Result<std::unique_ptr<Daemon>> create(std::filesystem::path file, Settings settings,
                                                Signals signals);
  ~Daemon();

  // Until a signal ends it. The exit code.
  int run();

 private:
  // What somebody asks of the main thread; it answers by itself.
  struct MainOrder {
    std::function<void()> run;
  };
  using Orders = MpscRing<MainOrder, QueueName::event_processing, Overflow::refuse>;

  Daemon(std::filesystem::path file, Settings settings, Signals signals, Wakeup wakeup);
  Status build();
  api::Port make_port();
  void make_desk();
  void make_accounts();
  api::AuditSink audit_sink();
  Status make_server();
  void complain_of_certificate() const;
  void start_workers();
  void await_armed();
  void wait_for_news();
  void once_a_second();
  void show_client_connections();
  bool refresh_certificate();
  std::string condition() const;
  std::string bound_address() const;
  api::ReloadReport reload(const store::AuditActor& asker);
  api::ReloadReport apply(Settings fresh);
  api::ReloadReport recorded_apply(Settings fresh, const store::AuditActor& asker);
  std::vector<std::string> needs_restart(const Settings& fresh) const;
  int stop();

  const std::filesystem::path file_;
  SystemClock clock_;
  Settings settings_;
  const Settings started_;  // as the daemon began: what only a restart changes is compared with this
  Signals signals_;
  Systemd service_;
  const telemetry::Logger log_{"doorbell.app", telemetry::Component::system};
  telemetry::Health health_{clock_};
  std::unique_ptr<telemetry::Metrics> metrics_;
  telemetry::Counter config_changes_;  // once each is on record
  telemetry::Gauge active_connections_;
  telemetry::Gauge idle_connections_;
  Wakeup wakeup_;
  Orders orders_;
  std::string link_key_;                     // empty: there are no links
  std::unique_ptr<api::Accounts> accounts_;  // the executor's jobs and the routes point at it
  std::unique_ptr<api::Library> library_;    // so do they at this one
  std::unique_ptr<api::People> people_;      // and at this one
  std::shared_ptr<observe::DeepHealth> deep_health_;
  std::unique_ptr<pipeline::Supervisor> supervisor_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  std::unique_ptr<SettingsDesk> desk_;
  std::shared_ptr<http::Credentials> credentials_;  // null: no TLS
  std::unique_ptr<api::AttackWatch> attacks_;       // the server points at it
  std::unique_ptr<http::Server> server_;
  MonotonicTime next_check_{};
  MonotonicTime next_certificate_check_{};
  MonotonicTime next_watchdog_{};
  bool watchdog_held_back_ = false;
};

}  // namespace porchlight::app
