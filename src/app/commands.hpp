// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace porchlight::app {

// Exit codes of every subcommand.
enum Exit : int { exit_done = 0, exit_no = 1, exit_usage = 2, exit_unreachable = 3 };

// What every subcommand may need; filled by main from the command line.
struct CommandOptions {
  std::filesystem::path config = "/etc/porchlight/porchlight.yaml";
  bool json = false;
};

int run_command(const CommandOptions& options);
int check_command(const CommandOptions& options);
int version_command(const CommandOptions& options);
int doctor_command(const CommandOptions& options);

// `camera`: an id of the configuration, or a URL.
int cameras_test_command(const CommandOptions& options, const std::string& camera);

struct DiscoverOptions {
  std::vector<std::string> at;  // empty: search by multicast
  std::string user;
  std::string password;   // a reference to a secret; empty with a user: ask for it
  std::string interface;  // empty: all
  std::string ca_file;
  std::string yaml;  // a new file for the snippet; empty: none
  int wait = 4;      // seconds
};
int cameras_discover_command(const CommandOptions& options, const DiscoverOptions& asked);

int ring_command(const CommandOptions& options, const std::string& button);
int status_command(const CommandOptions& options);
int reload_command(const CommandOptions& options);

struct LogSelection {
  std::string level = "info";  // in any letters
  std::string component;       // empty: any, and so with the others
  std::string logger;
  std::string since;  // 1h, or a time on the command line
  std::string request;
  std::string trace;
  int lines = 50;
  bool follow = false;
};
int logs_command(const CommandOptions& options, const LogSelection& asked);

int outputs_list_command(const CommandOptions& options);
int outputs_test_command(const CommandOptions& options, const std::string& id);
int outputs_rest_command(const CommandOptions& options);

int faces_enrol_command(const CommandOptions& options, const std::string& name,
                        const std::vector<std::string>& images);
int faces_list_command(const CommandOptions& options);
int faces_identify_command(const CommandOptions& options, const std::string& image);
int faces_forget_command(const CommandOptions& options, const std::string& name);
int faces_rename_command(const CommandOptions& options, const std::string& name, const std::string& new_name);
int faces_evaluate_command(const CommandOptions& options, const std::string& pairs);
int people_list_as_command(const CommandOptions& options, const std::string& name,
                           const std::string& standing);

struct OutboxSelection {
  std::string place;           // ID[:SEQUENCE], to send again
  std::string channel;         // empty: any
  std::string state = "dead";  // dead, pending, all: to list
  bool all_dead = false;       // to send again
};
int outbox_list_command(const CommandOptions& options, const OutboxSelection& asked);
int outbox_resend_command(const CommandOptions& options, const OutboxSelection& asked);
// `event` in words, as JSON, or "-" for lines of standard input; `at` when it does not say its time itself.
int notify_dry_run_command(const CommandOptions& options, const std::vector<std::string>& event,
                           const std::string& at);
int notify_test_command(const CommandOptions& options, const std::string& channel);

struct FootageRange {
  std::string camera;  // empty: all
  std::string from;    // times on the command line; empty: no bound
  std::string to;
};
int footage_init_command(const CommandOptions& options);
int footage_ledger_command(const CommandOptions& options, const FootageRange& asked);

struct AuditVerifyOptions {
  std::uint64_t from = 0;
  std::optional<std::uint64_t> to;
  std::string anchor;  // INDEX:HASH
};
int audit_verify_command(const CommandOptions& options, const AuditVerifyOptions& asked);
int audit_begin_command(const CommandOptions& options);

struct NewAccount {
  std::string name;
  std::string role;
  std::vector<std::string> cameras;
  bool all_cameras = false;
  bool password = false;  // asked for now; else the owner gets a one-time code
};
int users_add_command(const CommandOptions& options, const NewAccount& wanted);
int users_passwd_command(const CommandOptions& options, const std::string& name);
int users_disable_command(const CommandOptions& options, const std::string& name, bool disabled);
int users_list_command(const CommandOptions& options);
struct NewToken {
  std::string owner;  // an administrator's account, with which the token ends
  std::string name;
  std::string kind;  // scrape, alerts
};
int users_token_command(const CommandOptions& options, const NewToken& wanted);

// What Alertmanager needs to reach the daemon and the channels, as it sees the files.
struct AlertmanagerFiles {
  std::string token = "/etc/prometheus/porchlight.token";
  std::string authority = "/etc/prometheus/porchlight-ca.crt";
  std::string secrets = "/etc/prometheus";  // the folder of porchlight-smtp.password and the like
};
int config_alertmanager_command(const CommandOptions& options, const AlertmanagerFiles& files);
int alert_test_command(const CommandOptions& options, const std::string& type);

struct FootageExportOptions {
  std::string camera;
  std::string from;  // RFC 3339, local, or -2h
  std::string to;
  std::string out;  // a new file
};
int footage_export_command(const CommandOptions& options, const FootageExportOptions& asked);
// `key`: the public key that must have signed; empty: the one beside the film.
int footage_verify_command(const CommandOptions& options, const std::string& film, const std::string& key);
struct FootageCheckOptions {
  bool deep = false;
  bool repair = false;
};
int footage_check_command(const CommandOptions& options, const FootageCheckOptions& asked);

}  // namespace porchlight::app
