// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <system_error>

#include "app/commands.hpp"
#include "app/memory_image.hpp"
#include "app/terminal.hpp"
#include "porchlight/config/document.hpp"

namespace {

using namespace porchlight::app;

// Names that users may look for; the program says that they are not there yet.
constexpr std::array not_yet{"plates", "backup", "restore"};

std::string not_empty(const std::string& text) {
  return text.empty() ? "must not be empty" : "";
}

class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("-c,--config", options_.config, "the configuration file")->capture_default_str();
    app_.add_flag("--json", options_.json, "print data as JSON");
    add("run", "run the daemon", [this] { return run_command(options_); });
    add("check", "check the configuration: one line per fault", [this] { return check_command(options_); });
    add("doctor", "examine configuration, service, disk, clock, models, buttons, cameras and channels",
        [this] { return doctor_command(options_); });
    add("version", "what this program is", [this] { return version_command(options_); });
    add("status", "what the running daemon does", [this] { return status_command(options_); });
    add("reload", "make the running daemon read its configuration again",
        [this] { return reload_command(options_); });
    auto* ring = add("ring", "ring at the running daemon; done when the ring is stored",
                     [this] { return ring_command(options_, button_); });
    ring->add_option("--button", button_, "the button's id; may be left out when there is only one");
    add_logs();
    add_cameras();
    add_outputs();
    add_faces();
    add_people();
    add_users();
    add_audit();
    add_outbox();
    add_footage();
    add_alerting();
    add_notify();
    for (const auto* name : not_yet) {
      auto* command = add(name, "not in this version", [name] { return say_not_yet(name); });
      command->group("")->allow_extras();
    }
  }

  int run(int argc, char** argv) {
    if (argc > 1 && argv[1][0] != '-' && !names(argv[1])) return say_unknown(argv[1]);
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
      return app_.exit(help);
    } catch (const CLI::ParseError& error) {
      app_.exit(error);
      return exit_usage;
    }
    return chosen_ ? chosen_() : static_cast<int>(exit_usage);
  }

 private:
  static int say_not_yet(const char* name) {
    std::fprintf(stderr, "porchlight %s: not in this version\n", name);
    return exit_usage;
  }

  bool names(const std::string& word) {
    const auto all = command_names();
    return std::find(all.begin(), all.end(), word) != all.end();
  }

  std::vector<std::string> command_names() {
    std::vector<std::string> all;
    for (const auto* command : app_.get_subcommands([](const CLI::App*) { return true; }))
      all.push_back(command->get_name());
    return all;
  }

  int say_unknown(const std::string& word) {
    const auto near = porchlight::config::suggestion(word, command_names());
    return complain("unknown command '" + word + "'" +
                        (near ? " (did you mean '" + *near + "'?)" : "; porchlight --help lists them"),
                    exit_usage);
  }

  CLI::App* add(CLI::App& to, const char* name, const char* what, std::function<int()> action) {
    auto* command = to.add_subcommand(name, what);
    command->callback([this, action = std::move(action)] { chosen_ = action; });
    command->fallthrough();
    command->footer("Also: -c,--config FILE and --json, see porchlight --help");
    return command;
  }
  CLI::App* add(const char* name, const char* what, std::function<int()> action) {
    return add(app_, name, what, std::move(action));
  }

  void add_logs() {
    auto* logs = add("logs", "what the running daemon said of late; exit 3 when none runs",
                     [this] { return logs_command(options_, logs_); });
    logs->add_option("--level", logs_.level, "debug, info, warning, error or critical, and above")
        ->capture_default_str();
    logs->add_option("--component", logs_.component,
                     "recording, api, auth, ai, streaming, storage, notification, hardware or system");
    logs->add_option("--logger", logs_.logger, "this logger and those below it: doorbell.camera");
    logs->add_option("--since", logs_.since, "1h, 04:20, or RFC 3339");
    logs->add_option("--request", logs_.request, "made for the request of this X-Request-ID");
    logs->add_option("--trace", logs_.trace, "of this trace");
    logs->add_option("-n,--lines", logs_.lines, "how many at most")
        ->capture_default_str()
        ->check(CLI::Range(1, 200));
    logs->add_flag("-f,--follow", logs_.follow, "go on with what comes");
  }

  void add_cameras() {
    auto* cameras = app_.add_subcommand("cameras", "the cameras, as they are");
    cameras->require_subcommand(1)->fallthrough();
    auto* test = add(*cameras, "test",
                     "watch a camera for some seconds: what it sends, and what would be better; exit 1 when "
                     "no picture came, 3 when it was not reached",
                     [this] { return cameras_test_command(options_, camera_); });
    test->add_option("CAMERA", camera_, "its id, or a URL: rtsp://…, file:…, v4l2:…, exec:…")
        ->required()
        ->check(not_empty);
    add_discover(*cameras);
  }

  void add_discover(CLI::App& cameras) {
    auto* discover =
        add(cameras, "discover",
            "search the network for ONVIF cameras and print what to write into the configuration; exit 1 "
            "when none answered, 3 when one told not all or the search was flooded",
            [this] { return cameras_discover_command(options_, discover_); });
    discover
        ->add_option("--at", discover_.at,
                     "ask this one, without multicast: a host or a URL; more may be given")
        ->check(not_empty);
    discover->add_option("--user", discover_.user, "a user of the cameras; the password is asked for");
    discover->add_option("--password", discover_.password,
                         "a reference to it instead: '${file:/path}', '${ENV:NAME}', '${credential:NAME}'");
    discover->add_option("--interface", discover_.interface, "search on this network interface only");
    discover->add_option("--wait", discover_.wait, "seconds to wait for answers")
        ->capture_default_str()
        ->check(CLI::Range(1, 30));
    discover->add_option("--ca-file", discover_.ca_file,
                         "of a device with https: PEM, may be its own certificate");
    discover->add_option("--yaml", discover_.yaml,
                         "write the snippet to this file, which must not be there yet");
  }

  void add_outputs() {
    auto* outputs = app_.add_subcommand("outputs", "chime, lights and doors");
    outputs->require_subcommand(1)->fallthrough();
    add(*outputs, "list", "the outputs of the running daemon and their states",
        [this] { return outputs_list_command(options_); });
    auto* test = add(*outputs, "test", "switch an output on for its pulse; no door, which needs a session",
                     [this] { return outputs_test_command(options_, output_); });
    test->add_option("ID", output_, "the output's id")->required();
    add(*outputs, "rest", "switch every output off that a daemon which ended may have left on",
        [this] { return outputs_rest_command(options_); });
  }

  void add_faces() {
    auto* faces = app_.add_subcommand("faces", "the people the daemon knows");
    faces->require_subcommand(1)->fallthrough();
    auto* enrol = add(*faces, "enrol", "learn a person from photographs",
                      [this] { return faces_enrol_command(options_, name_, images_); });
    enrol->alias("enroll");
    enrol->add_option("NAME", name_, "the person's name")->required()->check(not_empty);
    enrol->add_option("IMAGE", images_, "photographs (JPEG, PNG) with one face each")->required();
    add(*faces, "list", "who is known", [this] { return faces_list_command(options_); });
    auto* identify = add(*faces, "identify", "who is on a photograph; exit 1 when nobody known",
                         [this] { return faces_identify_command(options_, image_); });
    identify->add_option("IMAGE", image_, "a photograph")->required();
    auto* forget = add(*faces, "forget",
                       "delete a person: faces, and the name in past events (pictures of the door stay)",
                       [this] { return faces_forget_command(options_, name_); });
    forget->add_option("NAME", name_, "the person's name")->required();
    auto* rename = add(*faces, "rename", "give a person another name",
                       [this] { return faces_rename_command(options_, name_, new_name_); });
    rename->add_option("NAME", name_, "the name so far")->required();
    rename->add_option("NEW", new_name_, "the new name")->required();
    auto* evaluate = add(*faces, "evaluate", "measure recognition on labelled pairs",
                         [this] { return faces_evaluate_command(options_, pairs_); });
    evaluate->add_option("--pairs", pairs_, "CSV of imageA,imageB,0|1")->required();
  }

  void add_people() {
    auto* people = app_.add_subcommand("people", "how known people are treated");
    people->require_subcommand(1)->fallthrough();
    auto* list_as = add(*people, "list-as", "set a person's standing",
                        [this] { return people_list_as_command(options_, name_, standing_); });
    list_as->add_option("NAME", name_, "the person's name")->required();
    list_as->add_option("STANDING", standing_, "known or blacklisted")
        ->required()
        ->check(CLI::IsMember({"known", "blacklisted"}));
  }

  void add_users() {
    auto* users = app_.add_subcommand("users", "who may log in");
    users->require_subcommand(1)->fallthrough();
    auto* create = add(*users, "add", "make an account: prints a one-time code for its owner",
                       [this] { return users_add_command(options_, account_); });
    create->add_option("NAME", account_.name, "a-z, 0-9, '.', '_', '-'")->required();
    create->add_option("--role", account_.role, "admin, user, viewer or monitor")
        ->required()
        ->check(CLI::IsMember({"admin", "user", "viewer", "monitor"}));
    create->add_option("--camera", account_.cameras,
                       "a camera the account may see; more than one may be given");
    create->add_flag("--all-cameras", account_.all_cameras, "the account may see every camera");
    create->add_flag("--password", account_.password,
                     "set the password now, from the terminal or standard input");
    const auto named = [this](CLI::App* command) {
      command->add_option("NAME", name_, "the account's name")->required();
    };
    named(add(*users, "passwd",
              "set a password, from the terminal or standard input; ends the account's sessions",
              [this] { return users_passwd_command(options_, name_); }));
    named(add(*users, "disable", "lock an account and end its sessions",
              [this] { return users_disable_command(options_, name_, true); }));
    named(add(*users, "enable", "open a disabled account again",
              [this] { return users_disable_command(options_, name_, false); }));
    add(*users, "list", "the accounts", [this] { return users_list_command(options_); });
    auto* token = add(*users, "token", "make a token for Prometheus or Alertmanager, and print it",
                      [this] { return users_token_command(options_, token_); });
    token->add_option("NAME", token_.owner, "an administrator's account, with which the token ends")
        ->required();
    token->add_option("--kind", token_.kind, "scrape (to read metrics) or alerts (to send alerts)")
        ->required()
        ->check(CLI::IsMember({"scrape", "alerts"}));
    token->add_option("--for", token_.name, "what the token is called; its kind, if nothing is given");
  }

  void add_alerting() {
    auto* config = app_.add_subcommand("config", "configuration of other programs");
    config->require_subcommand(1)->fallthrough();
    auto* alertmanager =
        add(*config, "alertmanager", "print the alertmanager.yml for alerting.notification_channels",
            [this] { return config_alertmanager_command(options_, alertmanager_); });
    alertmanager->add_option("--token-file", alertmanager_.token, "where Alertmanager finds its token")
        ->capture_default_str();
    alertmanager
        ->add_option("--ca-file", alertmanager_.authority, "where it finds the certificate of /ca.crt")
        ->capture_default_str();
    alertmanager
        ->add_option("--secrets-dir", alertmanager_.secrets,
                     "the folder where it finds the channels' secrets")
        ->capture_default_str();
    auto* alert = app_.add_subcommand("alert", "the channels of alerts");
    alert->require_subcommand(1)->fallthrough();
    auto* test = add(*alert, "test", "send a test message by a channel of alerting.notification_channels",
                     [this] { return alert_test_command(options_, alert_channel_); });
    test->add_option("--channel", alert_channel_, "its type: slack, email, webhook, …")->required();
  }

  void add_audit() {
    auto* audit = app_.add_subcommand("audit", "the record of who did what");
    audit->require_subcommand(1)->fallthrough();
    auto* verify =
        add(*audit, "verify", "check the chain of records; exit 1 when it is not as it was written",
            [this] { return audit_verify_command(options_, audit_); });
    verify->add_option("--from", audit_.from, "the first record to check, counted from 0");
    verify->add_option("--to", audit_.to, "the record after the last one to check");
    verify->add_option("--anchor", audit_.anchor, "INDEX:HASH of an 'audit anchor' in the journal");
    add(*audit, "begin", "set a damaged log aside and begin a new one",
        [this] { return audit_begin_command(options_); });
  }

  void add_outbox() {
    auto* outbox = app_.add_subcommand("outbox", "messages on their way, and those that did not arrive");
    outbox->require_subcommand(1)->fallthrough();
    auto* list = add(*outbox, "list", "messages that were refused or expired, newest first",
                     [this] { return outbox_list_command(options_, outbox_); });
    list->add_option("--channel", outbox_.channel, "only of this channel");
    list->add_option("--state", outbox_.state, "dead (the default), pending or all")
        ->check(CLI::IsMember({"dead", "pending", "all"}));
    auto* resend = add(*outbox, "resend", "try messages again that were refused or expired",
                       [this] { return outbox_resend_command(options_, outbox_); });
    resend->add_option("MESSAGE", outbox_.place, "ID or ID:SEQUENCE, as outbox list has them");
    resend->add_option("--channel", outbox_.channel, "all of this channel");
    resend->add_flag("--all-dead", outbox_.all_dead, "all of every channel");
  }

  void add_footage() {
    auto* footage = app_.add_subcommand("footage", "what was recorded, and what was not");
    footage->require_subcommand(1)->fallthrough();
    add(*footage, "init",
        "give storage.recordings an identity, or take the volume that lies there now for the recordings",
        [this] { return footage_init_command(options_); });
    add_range(*add(*footage, "ledger",
                   "each instant that was recorded or should have been, and why it was not",
                   [this] { return footage_ledger_command(options_, range_); }));
    add_footage_export(*footage);
    auto* check = add(*footage, "check", "compare the files with their index; exit 1 and each fault named",
                      [this] { return footage_check_command(options_, footage_check_); });
    check->add_flag("--deep", footage_check_.deep, "read every byte, for the checksums");
    check->add_flag("--repair", footage_check_.repair,
                    "mend what can be mended; only while no daemon records");
  }

  void add_range(CLI::App& command) {
    command.add_option("--camera", range_.camera, "only of this camera");
    command.add_option("--from", range_.from, "a time: RFC 3339, local, or -2h");
    command.add_option("--to", range_.to, "a time");
  }

  void add_notify() {
    auto* notify = app_.add_subcommand("notify", "who is told of what");
    notify->require_subcommand(1)->fallthrough();
    auto* dry_run =
        add(*notify, "dry-run",
            "which rules an event would match, and what each channel would say; exit 1 when nobody "
            "would be told",
            [this] { return notify_dry_run_command(options_, event_, at_); });
    dry_run->add_option("EVENT", event_, "ring BUTTON, person unknown CAMERA, …; JSON; or - for JSON lines")
        ->required();
    dry_run->add_option("--at", at_, "the time, when the event does not say: RFC 3339, local, or -2h");
    auto* test = add(*notify, "test", "send a test message by a channel, now",
                     [this] { return notify_test_command(options_, channel_); });
    test->add_option("CHANNEL", channel_, "the channel's id")->required();
  }

  void add_footage_export(CLI::App& footage) {
    auto* give =
        add(footage, "export", "one film of an interval, nothing encoded anew, with a signed manifest",
            [this] { return footage_export_command(options_, footage_export_); });
    give->add_option("--camera", footage_export_.camera, "the camera's id")->required()->check(not_empty);
    give->add_option("--from", footage_export_.from, "when it begins: RFC 3339, local, or -2h")->required();
    give->add_option("--to", footage_export_.to, "when it ends")->required();
    give->add_option("--out", footage_export_.out, "the film, which must not be there yet")
        ->required()
        ->check(not_empty);
    auto* verify =
        add(footage, "verify", "check a film against its signed manifest; exit 1 when it does not fit",
            [this] { return footage_verify_command(options_, film_, key_); });
    verify->add_option("FILE", film_, "the film; its manifest lies beside it")->required()->check(not_empty);
    verify->add_option("--key", key_, "the public key (PEM) that must have signed");
  }

  CLI::App app_{"Porchlight: the doorbell that knows who is at the door", "porchlight"};
  CommandOptions options_;
  std::function<int()> chosen_;
  std::string button_, camera_, name_, new_name_, image_, pairs_, standing_, at_, channel_, output_;
  std::vector<std::string> images_, event_;
  AuditVerifyOptions audit_;
  DiscoverOptions discover_;
  NewAccount account_;
  OutboxSelection outbox_;
  LogSelection logs_;
  FootageRange range_;
  NewToken token_;
  AlertmanagerFiles alertmanager_;
  std::string alert_channel_;
  FootageExportOptions footage_export_;
  FootageCheckOptions footage_check_;
  std::string film_, key_;
};

// OpenBLAS comes with dlib and starts a thread per core while it is loaded, before main: threads that
// nobody uses, that never blocked our signals, and that only the environment can prevent. So the
// program starts itself again with the environment set.
void hold_blas_to_one_thread(char** argv) {
  constexpr auto* name = "OPENBLAS_NUM_THREADS";
  if (std::getenv(name) != nullptr) return;
  ::setenv(name, "1", 1);
  std::error_code failure;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failure);
  if (!failure) ::execv(program.c_str(), argv);
  // Without /proc we go on with the threads.
}

// A dozen threads would each get an arena of their own and keep what they once used in it; frames and
// blobs go back to the kernel when they are freed.
void keep_memory_small() {
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_MMAP_THRESHOLD, 256 * 1024);
}

}  // namespace

int main(int argc, char** argv) {
  hold_blas_to_one_thread(argv);
  keep_memory_private();
  keep_memory_small();
  CommandLine line;
  return line.run(argc, argv);
}
