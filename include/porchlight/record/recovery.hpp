// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/record/volume.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::record {

inline constexpr const char* quarantine_folder = "quarantine";

// Index and files are made to agree: R3 to R6 of docs/storage.md. Idempotent: after a crash, or an error,
// begin again.
struct RecoveryOrder {
  std::string boot_id;  // of the boot that runs
  bool live = false;    // recorders write: their parts and the rows of these are left alone
  // Cameras of which the ledger is lost, and which were to be recorded all the time: each hole becomes a gap.
  std::vector<std::string> holes_of{};
  std::filesystem::path damaged_index{};  // the one before, out of which to read what stands in no file
  std::function<void()> alive = [] {};    // called for each file
};
struct RecoveryReport {
  std::uint64_t deleted = 0;             // deletions that had been begun
  std::uint64_t healed = 0;              // cut short, now whole up to their last fragment
  std::uint64_t removed = 0;             // without one whole fragment
  std::uint64_t adopted = 0;             // files that had no row
  std::uint64_t missing = 0;             // rows that had no file
  std::uint64_t salvaged = 0;            // rows of the damaged index
  std::vector<std::int64_t> gaps{};      // rows of the ledger that it wrote
  std::vector<std::string> quarantined;  // what is no segment of ours, by its new name
  // What the disk refused, in its words: files and rows that were left alone.
  std::vector<std::string> unreadable;
  std::vector<std::string> unhealed;  // those of them that end in .part, by their name without it
};
// One file that cannot be read is left alone and keeps nobody from recording. Errors: those of the index, and
// of the volume's own folder; what was done until then stays done.
Result<RecoveryReport> recover_footage(store::SegmentIndex& index, const Volume& volume,
                                       const RecoveryOrder& order);

struct Deletions {
  struct Left {
    std::int64_t id = 0;
    Error why;
  };
  std::vector<std::int64_t> went;  // rows
  std::uint64_t bytes = 0;         // of them
  std::vector<Left> left;          // what the disk refused to delete; their rows say so still
  std::int64_t last = 0;           // the last id looked at; 0: there was none
};
// D2 to D4 of docs/storage.md for rows that are `deleting`, the first 64 whose id is above `after`. What
// cannot be deleted keeps none of the others. Errors: those of the index.
Result<Deletions> finish_deletions(store::SegmentIndex& index, const Volume& volume, std::int64_t after = 0);

// The file of a recorder whose writing failed: cut behind its last whole fragment, row `torn`; without one
// its row goes and time that the row stood for becomes a gap. Nothing is left to do where there is no row.
// `row_is_all`: what the row says is all that was kept, and nothing behind it may count.
// The id of that gap.
Result<std::optional<std::int64_t>> heal_row(store::SegmentIndex& index, const Volume& volume,
                                             const std::string& file, bool row_is_all);

}  // namespace porchlight::record
