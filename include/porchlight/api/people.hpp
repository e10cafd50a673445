// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/api/library.hpp"
#include "porchlight/api/port.hpp"
#include "porchlight/base/clock.hpp"

namespace porchlight::api {

// Which faces of a photograph are asked for.
enum class FaceWanted : std::uint8_t { only, largest, every };

struct FaceFound {
  std::array<float, 128> embedding{};
  std::string model;
  double quality = 0;           // 0…1
  std::array<double, 4> box{};  // left, top, width, height in parts of the picture's sides
  // By the gallery of that moment.
  std::string result;  // known_person, blacklist_match, unknown_person
  std::string person;  // empty: unknown
  double confidence = 0;
  double distance = 0;
  // Of a second network, where one is switched on.
  std::vector<float> second{};
  std::string second_model{};
  // Why the face is not compared, or enrolled: too_small, blurred, …; empty: it can be.
  std::string refused{};
  std::string detail{};  // of a refusal, for people
  bool alone = false;    // the photograph shows no other face; said with `only` and `largest`
};

// What the routes of people need of the rest of the house; `app` binds it.
struct PeoplePorts {
  // Library's thread, on which the photograph is decoded; what it shows is answered from there or from
  // another thread, which the Answer must not hold up. The file is borrowed for the call. By the Error's
  // code:
  //   not_found          no face
  //   already_exists     several faces, with FaceWanted::only
  //   unsupported, corrupt, resource   the file is no picture, broken, monstrous
  //   unavailable, timeout             not looked at
  std::function<void(std::string_view file, FaceWanted, MonotonicTime deadline,
                     Answer<std::vector<FaceFound>>)>
      examine;
  // Any thread: who is known has changed. Answered when the recogniser has been told.
  std::function<void(Answer<std::size_t>)> faces_changed;
  // Whose picture an event shows, when somebody was enrolled by it.
  IdentityPort label_event{};
};

// Who is known, by face: lists and changes of the gallery, on the library's thread, by a connection of its
// own.
class People {
 public:
  // The library outlives it.
  People(Library& library, PeoplePorts ports);
  ~People();
  People(const People&) = delete;
  People& operator=(const People&) = delete;

  struct State;
  State& state() noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::api
