// SPDX-License-Identifier: Apache-2.0
// The commands about people. They work on the database beside the daemon and tell it afterwards.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "app/audited.hpp"
#include "app/commands.hpp"
#include "app/gallery_file.hpp"
#include "app/terminal.hpp"
#include "porchlight/api/control_client.hpp"
#include "porchlight/pipeline/gallery.hpp"
#include "porchlight/store/audit_anchor.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/store/gallery_store.hpp"
#include "porchlight/vision/calibration.hpp"
#include "porchlight/vision/evaluate.hpp"
#include "porchlight/vision/face_engine.hpp"
#include "porchlight/vision/gallery.hpp"
#include "porchlight/vision/refusal.hpp"

namespace porchlight::app {
namespace {

using nlohmann::json;

Result<std::unique_ptr<vision::FaceEngine>> open_engine(const Settings& settings) {
  return vision::FaceEngine::create(vision::default_model_dir(), settings.house.faces, nullptr);
}

// A daemon that does not run has nothing to be told.
void tell_daemon(const Settings& settings) {
  (void)api::ControlClient(settings.control_socket()).faces_changed();
}

// Whoever is forgotten is forgotten there too: the records keep a commitment that fits no name any more.
// So is the old name of whoever is renamed, or forgetting the new one would leave it behind.
Status erase_from_audit(store::Database& database, const std::string& name) {
  auto erased = store::erase_audit_value(database, name);
  if (!erased) return std::move(erased).error();
  return {};
}

store::DataModification change_of(const std::string& name, const char* operation, store::AuditValue changes) {
  return {store::personal(name), operation, std::move(changes), store::AuditResult::begun};
}

// Opens settings and people, records what is to be done, runs `work`, tells the daemon when it succeeded.
template <class Work>
int change_people(const CommandOptions& options, Access access, const store::DataModification& what,
                  Work work) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  auto people = open_gallery(*settings, access);
  if (!people) return complain(people.error());
  // Also after a failure: nobody's name stays because of a command that did nothing.
  const bool ends_name = what.operation == "delete" || what.changes.personal;
  const SystemClock clock;
  auto log = open_audit_log(settings->house.folder, *people->database, clock);
  if (!log) return complain(log.error());
  const Status status = audited(**log, what, [&] { return work(*settings, people->gallery); });
  const Status erased = ends_name ? erase_from_audit(*people->database, what.resource.text) : Status();
  if (!status) return complain(status.error());
  tell_daemon(*settings);
  if (!erased) return complain(erased.error());
  return exit_done;
}

// What a change did, for people.
Status said(Status status, const std::string& done) {
  if (status) std::printf("%s\n", done.c_str());
  return status;
}

json enrolled_json(const std::string& image, const vision::Enrolment& face) {
  json object{{"image", image}, {"result", face.refused ? "refused" : "enrolled"}, {"quality", face.quality}};
  if (!face.refused) return object;
  object["refused"] = to_string(face.refused->reason);
  object["detail"] = face.refused->words;
  return object;
}

// One photograph; `done` gets what became of it, unless it could not be looked at or stored.
Status enrol_one(vision::FaceEngine& engine, store::GalleryStore& gallery, const std::string& name,
                 const std::string& image, json& done) {
  auto face = engine.enrol_photo(image);
  if (!face) return std::move(face).error();
  if (face->refused) {
    done.push_back(enrolled_json(image, *face));
    return Error(ErrorCode::invalid_argument, "enrol photo '" + image + "': " + face->refused->words);
  }
  const auto enrolled =
      pipeline::face_of(face->embedding, face->photo_sha256, std::chrono::system_clock::now());
  const auto status = gallery.enrol(name, enrolled);
  if (status) done.push_back(enrolled_json(image, *face));
  return status;
}

Status enrol_all(const Settings& settings, store::GalleryStore& gallery, const std::string& name,
                 const std::vector<std::string>& images, bool as_json) {
  auto engine = open_engine(settings);
  if (!engine) return std::move(engine).error();
  auto done = json::array();
  Status status;
  for (auto image = images.begin(); status && image != images.end(); ++image) {
    status = enrol_one(**engine, gallery, name, *image, done);
    if (status && !as_json)
      std::printf("enrolled %s from %s (quality %.2f)\n", name.c_str(), image->c_str(),
                  done.back()["quality"].get<double>());
  }
  if (as_json) print_json(done);
  return status;
}

json identity_json(const vision::Shot& shot, const vision::Identity& identity,
                   const vision::Calibration& calibration) {
  const auto& box = shot.face.box;
  json object{{"result", event::to_string(identity.verdict)},
              {"confidence", identity.confidence},
              {"distance", identity.distance},
              {"threshold", calibration.threshold},
              {"threshold_basis", to_string(calibration.basis)},
              {"quality", shot.quality},
              {"box", {box.x, box.y, box.width, box.height}}};
  if (!identity.person.empty()) object["person"] = identity.person;
  if (shot.refused) {
    object["refused"] = to_string(shot.refused->reason);
    object["detail"] = shot.refused->words;
  }
  return object;
}

void print_identity(const vision::Shot& shot, const vision::Identity& identity, float threshold) {
  const std::string result(to_string(identity.verdict));
  if (shot.refused)
    std::printf("%s (not compared: %s)\n", result.c_str(), shot.refused->words.c_str());
  else
    std::printf("%s %s (confidence %.2f, distance %.3f, threshold %.2f)\n", result.c_str(),
                identity.person.c_str(), identity.confidence, identity.distance,
                static_cast<double>(threshold));
}

}  // namespace

int faces_enrol_command(const CommandOptions& options, const std::string& name,
                        const std::vector<std::string>& images) {
  for (const auto& image : images)
    if (::access(image.c_str(), R_OK) != 0)
      return complain(errno_error(errno, "read '" + image + "'").text(), exit_unreachable);
  const auto what = change_of(name, "add", store::plain(std::to_string(images.size()) + " photographs"));
  return change_people(options, Access::create, what,
                       [&](const Settings& settings, store::GalleryStore& gallery) {
                         return enrol_all(settings, gallery, name, images, options.json);
                       });
}

int faces_forget_command(const CommandOptions& options, const std::string& name) {
  const auto what = change_of(name, "delete", store::plain("person forgotten"));
  return change_people(options, Access::change, what, [&](const Settings&, store::GalleryStore& gallery) {
    return said(gallery.forget(name), "forgot " + name);
  });
}

int faces_rename_command(const CommandOptions& options, const std::string& name,
                         const std::string& new_name) {
  const auto what = change_of(name, "update", store::personal(new_name));
  return change_people(options, Access::change, what, [&](const Settings&, store::GalleryStore& gallery) {
    return said(gallery.rename(name, new_name), name + " is now " + new_name);
  });
}

int people_list_as_command(const CommandOptions& options, const std::string& name,
                           const std::string& standing) {
  const auto what = change_of(name, "update", store::plain("listed as " + standing));
  return change_people(options, Access::change, what, [&](const Settings&, store::GalleryStore& gallery) {
    const auto listing = standing == "blacklisted" ? store::Listing::blacklisted : store::Listing::known;
    return said(gallery.list_as(name, listing), name + " is " + standing);
  });
}

int faces_identify_command(const CommandOptions& options, const std::string& image) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  auto people = open_gallery(*settings, Access::look);
  if (!people) return complain(people.error());
  const auto persons = people->gallery.people();
  if (!persons) return complain(persons.error());
  auto engine = open_engine(*settings);
  if (!engine) return complain(engine.error().text(), exit_unreachable);
  const auto shots = (*engine)->shots_of_photo(image);
  if (!shots) return complain(shots.error().text(), exit_unreachable);
  const auto gallery = pipeline::gallery_of(*persons);
  const auto calibration = vision::calibrate(gallery, settings->house.faces);
  bool known = false;
  auto list = json::array();
  for (const auto& shot : *shots) {
    const auto identity = vision::identify(gallery, shot, calibration.threshold);
    known = known || !identity.person.empty();
    list.push_back(identity_json(shot, identity, calibration));
    if (!options.json) print_identity(shot, identity, calibration.threshold);
  }
  if (options.json) print_json(list);
  if (shots->empty() && !options.json) std::printf("no face in '%s'\n", image.c_str());
  return known ? exit_done : exit_no;
}

int faces_evaluate_command(const CommandOptions& options, const std::string& pairs) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  auto engine = open_engine(*settings);
  if (!engine) return complain(engine.error().text(), exit_unreachable);
  const auto report = vision::evaluate_pairs(**engine, pairs);
  if (!report) return complain(report.error().text(), exit_unreachable);
  std::printf("%s\n", report->c_str());
  return exit_done;
}

}  // namespace porchlight::app
