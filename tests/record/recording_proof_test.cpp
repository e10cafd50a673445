// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/recording_proof.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "porchlight/media/trial_film.hpp"
#include "record/check.hpp"
#include "store/fixture.hpp"

namespace porchlight::record {
namespace {

using store::Folder;

std::vector<media::PacketPtr> film() {
  auto made = media::trial_film(MonotonicTime{std::chrono::seconds{1000}});
  EXPECT_TRUE(made) << made.error().text();
  return made ? *made : std::vector<media::PacketPtr>();
}

TEST(RecordingProof, WritesReadsAndLeavesNothing) {
  Folder folder;
  const auto volume = Volume::open(folder / "recordings", std::nullopt);
  ASSERT_TRUE(volume);
  const auto status = prove_recording(*volume, film());
  EXPECT_TRUE(status) << status.error().text();
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "recordings"))
    left.push_back(entry.path().filename());
  EXPECT_THAT(left, testing::ElementsAre(Volume::identity_file));
}

TEST(RecordingProof, IsNotHeldUpByWhatACrashLeft) {
  Folder folder;
  const auto volume = Volume::open(folder / "recordings", std::nullopt);
  ASSERT_TRUE(volume);
  for (const auto* name : {"porchlight-health.mp4", "porchlight-health.mp4.part"})
    std::ofstream(folder / "recordings" / name) << "half";
  EXPECT_TRUE(prove_recording(*volume, film()));
}

TEST(RecordingProof, FailsWhereTheVolumeIsGone) {
  Folder folder;
  const auto volume = Volume::open(folder / "recordings", std::nullopt);
  ASSERT_TRUE(volume);
  std::filesystem::remove_all(folder / "recordings");
  EXPECT_FALSE(prove_recording(*volume, film()));
}

// `footage check` beside a running daemon meets them.
TEST(RecordingProof, ItsFilesAreNoFootage) {
  Folder folder;
  ASSERT_TRUE(Volume::open(folder / "recordings", std::nullopt));
  for (const auto* name : {"porchlight-health.mp4", "porchlight-health.mp4.part", Volume::proof_file})
    std::ofstream(folder / "recordings" / name) << "half";
  const auto files = find_footage_files(folder / "recordings");
  ASSERT_TRUE(files);
  EXPECT_THAT(*files, testing::IsEmpty());
}

}  // namespace
}  // namespace porchlight::record
