// SPDX-License-Identifier: Apache-2.0
#include "onvif/device_answers.hpp"

#include <cmath>

#include "onvif/names.hpp"
#include "onvif/xml.hpp"

namespace porchlight::onvif {
namespace {

constexpr std::size_t most_services = 64;

pugi::xml_node part(pugi::xml_node parent, const char* local) {
  return child(parent, ns::schema, local);
}

// A whole number within the bounds, or -1: also for an element that is not there.
int bounded(pugi::xml_node element, int least, int most) {
  const double number = number_of(element);
  if (!element || number != std::floor(number) || number < least || number > most) return -1;
  // number_of() gives 0 for what is none.
  if (number == 0 && text_of(element).find('0') == std::string::npos) return -1;
  return static_cast<int>(number);
}

}  // namespace

Result<WallTime> read_utc(pugi::xml_node response) {
  const auto utc = part(child(response, ns::device, "SystemDateAndTime"), "UTCDateTime");
  if (!utc) return Error(ErrorCode::not_found, "the device does not say what time it is in UTC");
  const auto date = part(utc, "Date");
  const auto time = part(utc, "Time");
  const int year = bounded(part(date, "Year"), 1970, 2200);
  const int month = bounded(part(date, "Month"), 1, 12);
  const int day = bounded(part(date, "Day"), 1, 31);
  const int hour = bounded(part(time, "Hour"), 0, 23);
  const int minute = bounded(part(time, "Minute"), 0, 59);
  const int second = bounded(part(time, "Second"), 0, 61);
  const std::chrono::year_month_day on{std::chrono::year(year),
                                       std::chrono::month(static_cast<unsigned>(month)),
                                       std::chrono::day(static_cast<unsigned>(day))};
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0 || !on.ok())
    return Error(ErrorCode::corrupt, "the device says no date and time");
  return WallTime(std::chrono::sys_days(on)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

void read_information(pugi::xml_node response, Device& device) {
  const auto text = [&](const char* local) { return text_of(child(response, ns::device, local)); };
  device.manufacturer = text("Manufacturer");
  device.model = text("Model");
  device.firmware = text("FirmwareVersion");
  if (device.hardware.empty()) device.hardware = text("HardwareId");
}

std::vector<Service> read_services(pugi::xml_node response) {
  std::vector<Service> services;
  for (const auto one : children(response, ns::device, "Service", most_services))
    services.push_back({text_of(child(one, ns::device, "Namespace")),
                        text_of(child(one, ns::device, "XAddr"), longest_uri)});
  return services;
}

std::string read_media_capability(pugi::xml_node response) {
  const auto media = part(child(response, ns::device, "Capabilities"), "Media");
  return text_of(part(media, "XAddr"), longest_uri);
}

}  // namespace porchlight::onvif
