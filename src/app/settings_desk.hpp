// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "app/settings.hpp"
#include "porchlight/api/port.hpp"
#include "porchlight/api/settings_page.hpp"
#include "porchlight/api/settings_revision.hpp"
#include "porchlight/pipeline/executor.hpp"
#include "porchlight/store/audit_event.hpp"

namespace porchlight::app {

// What the settings page asks: the configuration as it is written, and a change of the one file of config.d
// that is the page's. Everything but the trials happens on the main thread, where reloads do, so that nothing
// comes between the look at the files, the new text and the reload.
class SettingsDesk {
 public:
  struct House {
    std::filesystem::path file;                                         // the main one
    std::function<bool(std::function<void()>)> on_main;                 // false: too many wait
    std::function<api::ReloadReport(const store::AuditActor&)> reload;  // main thread
    std::function<Status(store::AuditEntry)> record;                    // main thread
    std::function<const Settings&()> running;                           // main thread
    pipeline::Executor* trials = nullptr;
  };
  explicit SettingsDesk(House house) : house_(std::move(house)) {}

  // Outlives the server that they are given to.
  api::SettingsPorts ports();

 private:
  struct Files;
  // `page`, if not null: as if that were the text of the page's file.
  Result<Files> read(const std::string* page = nullptr) const;
  api::SettingsShown shown(const Files& files) const;
  Result<api::SettingsShown> show() const;
  api::SettingsOutcome change(const api::SettingsChange& wanted) const;
  api::SettingsOutcome write(const Files& files, const std::string& text,
                             const api::SettingsChange& wanted) const;
  api::SettingsOutcome put_back(const Files& files, api::ReloadReport report,
                                const store::AuditActor& asker) const;
  std::optional<api::SettingsOutcome> refused(const Files& before, const Files& after,
                                              const api::SettingsChange& wanted) const;

  const House house_;
  const api::SettingsRevisions revisions_;
};

}  // namespace porchlight::app
