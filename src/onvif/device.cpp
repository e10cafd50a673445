// SPDX-License-Identifier: Apache-2.0
#include "porchlight/onvif/device.hpp"

#include <algorithm>
#include <cstdlib>

#include "onvif/address.hpp"
#include "onvif/call.hpp"
#include "onvif/device_answers.hpp"
#include "onvif/media_answers.hpp"
#include "onvif/names.hpp"
#include "onvif/xml.hpp"

namespace porchlight::onvif {
namespace {

using std::chrono::seconds;

// The two media services ask and answer alike, in other words.
struct MediaService {
  const char* space;
  const char* profiles_inside;
  std::string (*stream_inside)(const std::string& token);
  std::vector<Profile> (*read_profiles)(pugi::xml_node);
  std::string (*read_stream_uri)(pugi::xml_node);
};

std::string stream_inside1(const std::string& token) {
  return "<q:StreamSetup><t:Stream>RTP-Unicast</t:Stream><t:Transport><t:Protocol>RTSP</t:Protocol></"
         "t:Transport>"
         "</q:StreamSetup><q:ProfileToken>" +
         xml_escaped(token) + "</q:ProfileToken>";
}

std::string stream_inside2(const std::string& token) {
  return "<q:Protocol>RTSP</q:Protocol><q:ProfileToken>" + xml_escaped(token) + "</q:ProfileToken>";
}

constexpr MediaService media1{ns::media, "", stream_inside1, read_profiles, read_stream_uri};
// Knows H.265, which the older one does not.
constexpr MediaService media2{ns::media2, "<q:Type>VideoEncoder</q:Type>", stream_inside2, read_profiles2,
                              read_stream_uri2};

// One device being asked, and what it has told so far.
class Interview {
 public:
  Interview(Address address, Call call, Device& device, Clock& clock)
      : address_(std::move(address)), call_(std::move(call)), device_(device), clock_(clock) {}

  Status run() {
    if (auto status = ask_time(); !status) return status;
    auto answer = call_.ask(address_, {ns::device, "GetDeviceInformation"});
    if (!answer) return std::move(answer).error();
    read_information(answer->element, device_);
    return ask_media();
  }

 private:
  // Without a login, which must be dated by the device's clock. A device that does not say its time, or wants
  // a login for that, is taken to have ours.
  Status ask_time() {
    const auto before = clock_.now();
    const auto began = clock_.wall();
    const auto answer = call_.ask(address_, {ns::device, "GetSystemDateAndTime", {}, true});
    if (!answer) return tolerable(answer.error()) ? Status() : Status(answer.error());
    const auto utc = read_utc(answer->element);
    if (!utc) {
      device_.warnings.push_back(utc.error().text());
      return {};
    }
    const auto middle = began + std::chrono::duration_cast<WallTime::duration>((clock_.now() - before) / 2);
    // It says whole seconds, cut off.
    device_.clock_skew = std::chrono::round<seconds>(*utc + std::chrono::milliseconds(500) - middle);
    call_.set_skew(*device_.clock_skew);
    if (std::abs(device_.clock_skew->count()) > 5)
      device_.warnings.push_back("its clock is wrong by " +
                                 std::to_string(std::abs(device_.clock_skew->count())) +
                                 " s: give it a time server");
    return {};
  }

  static bool tolerable(const Error& error) {
    return error.code() == ErrorCode::auth || error.code() == ErrorCode::unsupported ||
           error.code() == ErrorCode::unavailable;
  }

  Status ask_media() {
    const auto services = ask_services();
    if (!services) return services.error();
    std::optional<Error> fault;
    bool answered = false;  // and has no profile
    for (const auto* service : {&media2, &media1}) {
      const auto place = std::find_if(services->begin(), services->end(),
                                      [&](const Service& one) { return one.space == service->space; });
      if (place == services->end()) continue;
      const auto status = ask_profiles(*service, place->address);
      if (status && !device_.profiles.empty()) return status;
      if (status) {
        answered = true;
        continue;
      }
      fault = status.error();
      if (fault->code() == ErrorCode::auth || fault->code() == ErrorCode::timeout) break;
    }
    if (fault) return *fault;
    if (answered) return {};
    return Error(ErrorCode::unsupported, "the device has no media service");
  }

  Result<std::vector<Service>> ask_services() {
    auto answer =
        call_.ask(address_, {ns::device, "GetServices", "<q:IncludeCapability>false</q:IncludeCapability>"});
    if (answer) return read_services(answer->element);
    if (!tolerable(answer.error()) || answer.error().code() == ErrorCode::auth)
      return std::move(answer).error();
    // Older devices know only this.
    auto older = call_.ask(address_, {ns::device, "GetCapabilities", "<q:Category>Media</q:Category>"});
    if (!older) return std::move(older).error();
    const auto media = read_media_capability(older->element);
    return media.empty() ? std::vector<Service>{} : std::vector<Service>{{ns::media, media}};
  }

  // Where a service is: of what the device says the path is believed, and the port of the host that was
  // asked. Nothing is ever asked of another host: who answers a probe could make this machine knock at any
  // door.
  Address place_of(const std::string& announced) {
    auto place = parse_address(announced);
    if (!place || !is_service(*place)) return address_;
    if (place->host == address_.host && (place->scheme == address_.scheme || address_.scheme == "http"))
      return *place;
    if (place->host == address_.host) return without_tls(*place);
    device_.warnings.push_back("its service is announced at the host '" + place->host +
                               "', and was asked for at '" + address_.host + "'");
    auto here = address_;
    here.path = place->path;
    return here;
  }

  // A login that goes through TLS goes nowhere else.
  Address without_tls(const Address& announced) {
    device_.warnings.push_back("its service is announced at '" + announced.scheme +
                               ":', and was asked for at 'https:'");
    auto here = address_;
    here.path = announced.path;
    return here;
  }

  Status ask_profiles(const MediaService& service, const std::string& announced) {
    const auto place = place_of(announced);
    auto answer = call_.ask(place, {service.space, "GetProfiles", service.profiles_inside});
    if (!answer) return std::move(answer).error();
    device_.profiles = service.read_profiles(answer->element);
    for (auto& profile : device_.profiles)
      if (auto status = ask_stream(service, place, profile); !status) return status;
    return {};
  }

  // One stream that it does not give is no reason to leave the others.
  Status ask_stream(const MediaService& service, const Address& place, Profile& profile) {
    auto answer = call_.ask(place, {service.space, "GetStreamUri", service.stream_inside(profile.token)});
    const auto whose = "profile '" + profile.name + "': ";
    if (!answer) {
      if (answer.error().code() == ErrorCode::timeout || answer.error().code() == ErrorCode::network)
        return std::move(answer).error();
      device_.warnings.push_back(whose + answer.error().text());
    } else if (!set_stream(profile, service.read_stream_uri(answer->element), address_)) {
      device_.warnings.push_back(whose + "its stream has no URI for RTSP");
    } else if (profile.elsewhere) {
      device_.warnings.push_back(whose + "its stream is at another host than the one that was asked");
    }
    return {};
  }

  Address address_;
  Call call_;
  Device& device_;
  Clock& clock_;
};

void ask(Device& device, const Address& address, const InterviewOptions& options, Clock& clock) {
  device.address = address.text();
  device.host = address.host;
  http::ClientOptions terms;
  terms.connect_timeout = options.request_timeout;
  terms.total_timeout = options.request_timeout;
  terms.ca_file = options.ca_file;
  terms.largest_body = largest_answer;
  auto client = http::Client::create(terms);
  auto status = client ? Interview(address, Call(std::move(*client), options, clock), device, clock).run()
                       : Status(client.error());
  if (!status) device.fault = std::move(status).error();
}

}  // namespace

Device interview(const std::string& address, const InterviewOptions& options, Clock& clock) {
  Device device;
  const auto place = parse_address(address);
  if (place && is_service(*place))
    ask(device, *place, options, clock);
  else
    device.fault = Error(ErrorCode::invalid_argument, "no address of a device service");
  return device;
}

Device interview(const Found& found, const InterviewOptions& options, Clock& clock) {
  Device device;
  device.name = found.name;
  device.hardware = found.hardware;
  for (const auto& announced : found.addresses) {
    const auto place = parse_address(announced);
    const bool own =
        place && is_service(*place) && (place->host == found.from || place->host == "[" + found.from + "]");
    if (!own) continue;
    ask(device, *place, options, clock);
    return device;
  }
  device.host = found.from;
  device.fault =
      Error(ErrorCode::unsupported,
            "it announces no address at the host that it answers from, and was not asked: look at it, "
            "and name it with --at");
  if (!found.addresses.empty()) device.address = found.addresses.front();
  return device;
}

}  // namespace porchlight::onvif
