// SPDX-License-Identifier: Apache-2.0
// Who is enrolled, and how well the recogniser can tell them apart.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "app/commands.hpp"
#include "app/gallery_file.hpp"
#include "app/terminal.hpp"
#include "porchlight/pipeline/gallery.hpp"
#include "porchlight/vision/calibration.hpp"

namespace porchlight::app {
namespace {

using nlohmann::json;

std::size_t second_of(const store::Person& person) {
  return static_cast<std::size_t>(
      std::count_if(person.faces.begin(), person.faces.end(),
                    [](const auto& face) { return face.second_version == vision::mobile_version; }));
}

json person_json(const store::Person& person, const vision::Calibration& calibration, bool second_wanted) {
  json object{
      {"name", person.name}, {"listed_as", to_string(person.listed_as)}, {"faces", person.faces.size()}};
  if (second_wanted) object["second_embeddings"] = second_of(person);
  auto alike = json::array();
  for (const auto& pair : calibration.look_alikes)
    if (pair.a == person.name || pair.b == person.name)
      alike.push_back(pair.a == person.name ? pair.b : pair.a);
  if (!alike.empty()) object["looks_like"] = std::move(alike);
  return object;
}

void print_person(const store::Person& person, bool second_wanted) {
  std::printf("%-30s %-12s %zu face%s", person.name.c_str(), std::string(to_string(person.listed_as)).c_str(),
              person.faces.size(), person.faces.size() == 1 ? "" : "s");
  if (second_wanted && !person.faces.empty() && second_of(person) == 0)
    std::printf(", without the second embedding");
  std::printf("\n");
}

void print_calibration(const vision::Calibration& calibration) {
  std::printf("threshold %s\n", vision::words(calibration).c_str());
  for (const auto& pair : calibration.look_alikes)
    std::printf(
        "%s and %s look alike (distance %.2f) and may be taken for each other: two people, or one twice?\n",
        pair.a.c_str(), pair.b.c_str(), static_cast<double>(pair.distance));
  if (calibration.without_second > 0)
    std::printf(
        "%zu of %zu people lack the second embedding and are compared by the first alone: enrol them again\n",
        calibration.without_second, calibration.persons);
}

}  // namespace

int faces_list_command(const CommandOptions& options) {
  auto [settings, exit_code] = settings_for(options);
  if (!settings) return exit_code;
  auto people = open_gallery(*settings, Access::look);
  if (!people) return complain(people.error());
  const auto persons = people->gallery.people();
  if (!persons) return complain(persons.error());
  const auto& faces = settings->house.faces;
  const auto calibration = vision::calibrate(pipeline::gallery_of(*persons), faces);
  auto list = json::array();
  for (const auto& person : *persons) {
    if (options.json)
      list.push_back(person_json(person, calibration, faces.mobile));
    else
      print_person(person, faces.mobile);
  }
  if (options.json)
    print_json(list);
  else if (persons->empty())
    std::printf("nobody is enrolled\n");
  else
    print_calibration(calibration);
  return exit_done;
}

}  // namespace porchlight::app
