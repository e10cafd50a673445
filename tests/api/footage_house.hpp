// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <string>

#include "api/look_house.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::api::test {

// A real index of footage with files beside it, as the daemon keeps them. Times are seconds after `began`;
// the house's clock stands at `began`.
class FootageTest : public LookTest {
 protected:
  void SetUp() override {
    LookTest::SetUp();
    began = clock.wall();
    std::filesystem::create_directories(data.path() / "recordings" / "porch");
    make_index();
  }
  void make_index() {
    footage_.reset();  // its close takes the write-ahead log of that name along
    auto opened = store::SegmentIndex::open(data.path() / "footage.db",
                                            {.synchronous = store::Synchronous::off_in_tests}, nullptr);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    footage_ = std::move(*opened);
    boot_ = *index().boot("c0ffee00-0000-4000-8000-000000000001");
    ASSERT_TRUE(index().settle(boot_, began - boot_age));
  }
  store::SegmentIndex index() { return store::SegmentIndex(*footage_); }

  // Of the boot that began an hour before.
  store::BootMoment moment(double seconds) const {
    return {boot_, boot_age + std::chrono::milliseconds(std::llround(seconds * 1000))};
  }
  WallTime at(double seconds) const {
    return began + std::chrono::milliseconds(std::llround(seconds * 1000));
  }
  std::string text(double seconds) const { return rfc3339(at(seconds)); }

  // A closed one, whose file holds `bytes`.
  std::int64_t segment(const std::string& camera, double from, double to,
                       const std::string& bytes = "0123456789", const char* extension = "mp4") {
    auto made = row(camera, from, to, bytes, extension);
    write(made.file, bytes);
    const auto id = index().begin(made);
    EXPECT_TRUE(id.ok());
    EXPECT_TRUE(index().finish(made));
    return *id;
  }
  // One that is being written: the index knows of `bytes`, the file has more.
  std::int64_t open_segment(const std::string& camera, double from, double to,
                            const std::string& bytes = "0123456789") {
    auto made = row(camera, from, to, bytes, "mp4");
    made.state = store::SegmentState::open;
    write(made.file + ".part", bytes + " and more that is on no medium yet");
    const auto id = index().begin(made);
    EXPECT_TRUE(id.ok());
    EXPECT_TRUE(index().grow({{made.file, made.end_at, made.bytes, made.frames}}));
    return *id;
  }
  void gap(const std::string& camera, event::GapCause cause, double from, std::optional<double> to,
           const std::string& detail = {}) {
    store::Gap made;
    made.camera_id = camera;
    made.cause = cause;
    made.detail = detail;
    made.begin = moment(from);
    if (to) made.end = moment(*to);
    EXPECT_TRUE(index().begin_gap(made).ok());
  }
  std::vector<std::int64_t> numbers(const nlohmann::json& page) {
    std::vector<std::int64_t> list;
    for (const auto& one : page.at("recordings")) list.push_back(one.at("id"));
    return list;
  }
  void write(const std::string& name, const std::string& bytes) {
    const auto path = data.path() / "recordings" / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << bytes;
  }

  static constexpr std::chrono::milliseconds boot_age{3'600'000};
  WallTime began{};

 private:
  store::Segment row(const std::string& camera, double from, double to, const std::string& bytes,
                     const char* extension) {
    store::Segment made;
    made.camera_id = camera;
    made.file = camera + "/" + std::to_string(++files_) + "." + extension;
    made.state = store::SegmentState::closed;
    made.begin = moment(from);
    made.end_at = moment(to).at;
    made.bytes = bytes.size();
    made.frames = 7;
    made.crc = 1;
    made.codec = "h264";
    made.audio_codec = "aac";
    made.width = 640;
    made.height = 360;
    return made;
  }

  std::unique_ptr<store::Database> footage_;
  std::int64_t boot_ = 0;
  int files_ = 0;
};

}  // namespace porchlight::api::test
