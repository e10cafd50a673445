// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/volume.hpp"
#include "record/check.hpp"

namespace porchlight::record {
namespace {

// Nothing when it is the volume that the index knows, or when the index knows none.
Result<std::optional<FootageFault>> look_at_volume(store::SegmentIndex& index,
                                                   const std::filesystem::path& folder) {
  auto expected = index.volume_id();
  if (!expected) return std::move(expected).error();
  if (!*expected) return std::optional<FootageFault>();
  const auto volume = Volume::open(folder, *expected);
  if (volume) return std::optional<FootageFault>();
  switch (volume.error().code()) {
    case ErrorCode::not_found:
    case ErrorCode::already_exists:
    case ErrorCode::corrupt:
      return std::optional<FootageFault>({"wrong_volume", "", "", volume.error().text(), false, false});
    default:  // read-only, or not ours: it can still be read
      return std::optional<FootageFault>();
  }
}

Error refusal(const std::filesystem::path& folder) {
  return Error(ErrorCode::unavailable,
               "repair '" + folder.string() + "': a daemon records into it; stop porchlight first");
}

}  // namespace

Result<std::vector<FootageFault>> check_footage(store::SegmentIndex& index,
                                                const std::filesystem::path& folder, const CheckOrder& order,
                                                const std::function<void(const Progress&)>& progress) {
  std::vector<FootageFault> faults;
  auto wrong = look_at_volume(index, folder);
  if (!wrong) return std::move(wrong).error();
  if (*wrong) {
    // Everything else would be named missing.
    faults.push_back(std::move(**wrong));
    return faults;
  }
  std::optional<VolumeLock> lock;
  if (order.repair && order.daemon_runs) return refusal(folder);
  if (order.repair) {
    auto taken = VolumeLock::take(folder);
    if (!taken && taken.error().code() == ErrorCode::unavailable) return refusal(folder);
    if (!taken) return std::move(taken).error();
    lock.emplace(std::move(*taken));
  }
  const bool live = order.daemon_runs || (!lock && VolumeLock::is_taken(folder));
  if (auto status = FileCheck(index, folder, order, live, faults).run(progress); !status)
    return std::move(status).error();
  if (auto status = check_times(index, order, faults); !status) return std::move(status).error();
  return faults;
}

}  // namespace porchlight::record
