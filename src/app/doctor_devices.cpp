// SPDX-License-Identifier: Apache-2.0
// What the doctor asks of buttons, outputs and cameras: of the daemon while it runs, for it holds them, and
// of the device itself when it does not.
#include "app/patient.hpp"
#include "porchlight/camera/trial.hpp"
#include "porchlight/gpio/probe.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::app {
namespace {

using namespace std::chrono_literals;
using maintain::Check;
using maintain::Findings;

constexpr const char* asked = "asked the running daemon";
// A keyframe may be 10 s away.
constexpr auto camera_limit = 15s;

std::string place_of(const char* list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

void not_known_to_daemon(Findings& findings) {
  findings.warning("the running daemon does not know it", "porchlight reload");
}

void no_permission(Findings& findings, const std::string& text) {
  if (!maintain::is_privileged()) return findings.skipped(text, maintain::run_with_sudo);
  findings.bad(
      text,
      "look at the rights: `ls -l /dev/gpiochip*`; systemd/gpio.rules gives the chips to the group gpio, "
      "and `adduser porchlight gpio` the group to the service");
}

void bad_line(const Error& error, const std::string& place, Findings& findings) {
  const auto& text = error.text();
  switch (error.code()) {
    case ErrorCode::permission_denied:
      return no_permission(findings, text);
    case ErrorCode::not_found:
      return findings.bad(text, "set " + place +
                                    ".chip and .line to what `gpioinfo` lists; no chip at all: is this a "
                                    "machine with GPIO, and its overlay on?");
    case ErrorCode::invalid_argument:
      return findings.bad(text, "set " + place + ".line to a line that `gpioinfo` lists");
    case ErrorCode::already_exists:
      return findings.bad(text, "stop what uses the line, or set " + place + ".line to another");
    default:
      return findings.bad(
          text, "`journalctl -k -n 50` shows what the driver said; or try " + place + ".backend: uapi");
  }
}

std::string pressed_mend(const gpio::ButtonOptions& button, const std::string& place) {
  return "when nobody presses it: set " + place + ".active_low: " + (button.active_low ? "false" : "true") +
         ", or look for a short circuit";
}

void probe(const gpio::ButtonOptions& button, const std::string& place, Findings& findings) {
  SystemClock clock;
  const auto line = gpio::probe_line(button, clock);
  if (!line) return bad_line(line.error(), place, findings);
  maintain::check_device(line->chip_path, findings);
  if (line->pressed) findings.warning(line->place + " reads as pressed", pressed_mend(button, place));
  findings.fact(line->place);
  findings.fact("not pressed");
  findings.fact(line->backend +
                (line->tells_lost_edges ? "" : " (cannot tell lost edges; backend: uapi can)"));
}

// The daemon does not hold a line that it cannot read, so the reason can be looked for.
void explain_degraded(const gpio::ButtonOptions& button, const std::string& place, const std::string& text,
                      Findings& findings) {
  SystemClock clock;
  const auto line = gpio::probe_line(button, clock);
  const bool hidden = !line && line.error().code() == ErrorCode::permission_denied;
  if (!line && !hidden) return bad_line(Error(line.error()).context(text + "; " + asked), place, findings);
  findings.bad(text + "; " + asked + (hidden ? "" : "; it can be read from here"),
               "if it stays so: adduser porchlight gpio && systemctl restart porchlight");
}

void ask_button(const nlohmann::json& told, const gpio::ButtonOptions& button, const std::string& place,
                Findings& findings) {
  const auto state = told.value("state", "");
  const auto text = told.value("text", state);
  if (state == "degraded") return explain_degraded(button, place, text, findings);
  if (state == "stuck") return findings.bad(text + "; " + asked, pressed_mend(button, place));
  findings.fact(text);
  findings.fact(asked);
}

Findings check_button(const Patient& patient, const gpio::ButtonOptions& button, const std::string& place) {
  Findings findings;
  if (patient.is_faulty(place + "."))
    findings.skipped("its configuration has a fault", "mend the configuration first");
  else if (!button.enabled)
    findings.skipped("not enabled");
  else if (const auto* told = patient.told("buttons", button.id))
    ask_button(*told, button, place, findings);
  else if (patient.daemon)
    not_known_to_daemon(findings);
  else if (button.kind == gpio::ButtonKind::virtual_button)
    findings.fact("virtual: rings by command");
  else if (patient.daemon_may_run())
    findings.skipped("a daemon may hold the line, and cannot be asked",
                     maintain::is_privileged() ? "do what the check 'daemon' says" : maintain::run_with_sudo);
  else
    probe(button, place, findings);
  return findings;
}

std::string mend_of_file(ErrorCode code, const std::string& place) {
  switch (code) {
    case ErrorCode::not_found:
      return "set " + place + ".url to a file that is there";
    case ErrorCode::permission_denied:
      return "let the user porchlight read the file of " + place + ".url";
    default:
      return "set " + place + ".url to a clip that `ffprobe` understands";
  }
}

std::string mend_of_device(ErrorCode code, const std::string& place) {
  switch (code) {
    case ErrorCode::not_found:
      return "plug it in, or set " + place +
             ".url to what `ls /dev/v4l/by-id` lists, which stays the same wherever it is plugged in";
    case ErrorCode::permission_denied:
      return "let the user porchlight open it: adduser porchlight video && systemctl restart porchlight";
    case ErrorCode::unavailable:
      return "stop the other program (`fuser -v` names it)";
    case ErrorCode::resource:
      return "set " + place + ".size or .fps lower, or .format: mjpeg";
    case ErrorCode::unsupported:
      return "set " + place + ".url and .format to what `v4l2-ctl --list-formats-ext -d DEVICE` shows";
    default:
      return "pull it out and put it back; `journalctl -k -n 50` shows what the driver said";
  }
}

std::string mend_of_program(ErrorCode code, const std::string& place) {
  if (code == ErrorCode::not_found || code == ErrorCode::permission_denied)
    return "install the program, or write its whole path into " + place + ".url";
  return "run the command of " + place +
         ".url by hand, as the user porchlight: it must write H.264, H.265 or MPEG-TS to "
         "its standard output, and go on";
}

std::string mend_of_network(ErrorCode code, const camera::CameraOptions& camera, const std::string& place) {
  switch (code) {
    case ErrorCode::auth:
      return "set " + place + ".user and .password to a login of the camera" +
             (camera.kind == camera::SourceKind::rtsps ? "; if it is the certificate that is not believed, "
                                                         ".ca_file to its authority's, or to its own"
                                                       : "");
    case ErrorCode::not_found:
      return "set " + place + ".url to a path that the camera has (its manual names it)";
    case ErrorCode::invalid_argument:
      return "set the host in " + place + ".url to a name or address that exists";
    case ErrorCode::timeout:
    case ErrorCode::decode:
    case ErrorCode::unsupported:
    case ErrorCode::corrupt:
    case ErrorCode::end_of_stream:
      return "set the camera's stream to H.264, restart the camera, or set " + place +
             ".url to another stream of it";
    default:
      return "switch the camera on and look at its cable; " + place + ".url names its host and port";
  }
}

// The line is looked up, never requested: that would drive it.
void look_at_output(const Patient& patient, const gpio::OutputOptions& output, const std::string& place,
                    const std::string& told, Findings& findings) {
  const auto line = gpio::probe_output(output, patient.settings->house.buttons);
  if (!line) {
    auto why = line.error();
    return bad_line(told.empty() ? why : std::move(why).context(told), place, findings);
  }
  if (!told.empty())
    return findings.bad(told + "; the line is free",
                        "if it stays so: adduser porchlight gpio && systemctl restart porchlight");
  maintain::check_device(line->chip_path, findings);
  findings.fact(line->place);
  findings.fact("free");
  findings.fact(line->backend);
}

Findings check_output(const Patient& patient, const gpio::OutputOptions& output, const std::string& place) {
  Findings findings;
  if (patient.is_faulty(place + ".")) {
    findings.skipped("its configuration has a fault", "mend the configuration first");
  } else if (!output.enabled) {
    findings.skipped("not enabled");
  } else if (const auto* told = patient.told("outputs", output.id)) {
    const auto text = told->value("text", "");
    if (told->value("state", "") == "degraded") {
      look_at_output(patient, output, place, text + "; " + asked, findings);
      return findings;
    }
    findings.fact(text);
    findings.fact(asked);
  } else if (patient.daemon) {
    not_known_to_daemon(findings);
  } else if (patient.daemon_may_run()) {
    findings.skipped("a daemon may hold the line, and cannot be asked",
                     maintain::is_privileged() ? "do what the check 'daemon' says" : maintain::run_with_sudo);
  } else {
    look_at_output(patient, output, place, "", findings);
  }
  return findings;
}

void bad_camera(const Error& error, const camera::CameraOptions& camera, const std::string& place,
                Findings& findings) {
  switch (camera.kind) {
    case camera::SourceKind::file:
      return findings.bad(error.text(), mend_of_file(error.code(), place));
    case camera::SourceKind::v4l2:
      return findings.bad(error.text(), mend_of_device(error.code(), place));
    case camera::SourceKind::exec:
      return findings.bad(error.text(), mend_of_program(error.code(), place));
    default:
      return findings.bad(error.text(), mend_of_network(error.code(), camera, place));
  }
}

// A program is the service's to start: as root it would run with all of root's rights.
bool may_not_be_started(const camera::CameraOptions& camera) {
  return camera.kind == camera::SourceKind::exec && maintain::is_privileged();
}

void try_camera(const camera::CameraOptions& camera, const std::string& place, Findings& findings) {
  if (may_not_be_started(camera))
    return findings.skipped("its program is not started as root", "start the service, and look again");
  SystemClock clock;
  const auto sight = camera::try_camera(camera, clock, camera_limit);
  if (!sight) return bad_camera(sight.error(), camera, place, findings);
  findings.fact(camera.printable_url());
  findings.fact(sight->codec + " " + std::to_string(sight->width) + "x" + std::to_string(sight->height));
  findings.fact("first picture after " +
                std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(sight->took).count()) +
                " ms");
}

void ask_camera(const std::string& state, const camera::CameraOptions& camera, const std::string& place,
                Findings& findings) {
  const auto found = camera.printable_url() + ": " + state + "; " + asked;
  if (state == "connected") {
    findings.fact(camera.printable_url() + ": pictures are decoded");
    findings.fact(asked);
    return;
  }
  // No further attempt: cameras lock accounts that are tried too often.
  if (state == "auth_failed") return bad_camera(Error(ErrorCode::auth, found), camera, place, findings);
  // A second program beside the daemon's own would take the sensor from it.
  if (camera.kind == camera::SourceKind::exec)
    return findings.bad(found, "`journalctl -u porchlight` shows what the program said; " +
                                   mend_of_program(ErrorCode::end_of_stream, place));
  SystemClock clock;
  const auto sight = camera::try_camera(camera, clock, camera_limit);
  if (!sight) return bad_camera(Error(sight.error()).context(found), camera, place, findings);
  findings.warning(found + "; a picture came just now",
                   "wait a minute and look again; if it stays, the camera may not serve two viewers at once");
}

Findings check_camera(const Patient& patient, const camera::CameraOptions& configured,
                      const std::string& place) {
  Findings findings;
  const auto camera = configured.watched();
  if (patient.is_faulty(place + "."))
    findings.skipped("its configuration has a fault", "mend the configuration first");
  else if (!camera.enabled)
    findings.skipped("not enabled");
  else if (const auto* told = patient.told("cameras", camera.id))
    ask_camera(told->value("state", ""), camera, place, findings);
  else if (patient.daemon)
    not_known_to_daemon(findings);
  else
    try_camera(camera, place, findings);
  return findings;
}

}  // namespace

std::vector<Check> button_checks(const Patient& patient) {
  std::vector<Check> checks;
  if (!patient.settings) return checks;
  for (std::size_t i = 0; const auto& button : patient.settings->house.buttons) {
    const auto place = place_of("buttons", i++);
    checks.push_back(
        {"button " + button.id, 10s, [&, place] { return check_button(patient, button, place); }});
  }
  return checks;
}

std::vector<Check> output_checks(const Patient& patient) {
  std::vector<Check> checks;
  if (!patient.settings) return checks;
  for (std::size_t i = 0; const auto& output : patient.settings->house.outputs) {
    const auto place = place_of("outputs", i++);
    checks.push_back(
        {"output " + output.id, 10s, [&, place] { return check_output(patient, output, place); }});
  }
  return checks;
}

std::vector<Check> camera_checks(const Patient& patient) {
  std::vector<Check> checks;
  if (!patient.settings) return checks;
  for (std::size_t i = 0; const auto& camera : patient.settings->house.cameras) {
    const auto place = place_of("cameras", i++);
    // The look-up of a name cannot be interrupted and comes before the camera's own limit.
    checks.push_back({"camera " + camera.id, camera_limit + 25s,
                      [&, place] { return check_camera(patient, camera, place); }, true});
  }
  return checks;
}

}  // namespace porchlight::app
