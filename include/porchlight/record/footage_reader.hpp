// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::record {

// The file in which a segment's bytes are now: its name, or `.part` while it is open.
std::filesystem::path file_on_disk(const std::filesystem::path& folder, const store::Segment& segment);

// Of an interval of one camera: what lies in it, in order.
struct Footage {
  std::vector<store::Segment> segments;
  std::vector<store::Gap> gaps;
};
Result<Footage> footage_of(store::SegmentIndex& index, const std::string& camera_id, WallTime from,
                           WallTime to);

struct Progress {
  std::uint64_t done = 0;  // bytes of media
  std::uint64_t all = 0;
};

struct ExportOrder {
  std::string camera_id;
  WallTime from{};
  WallTime to{};
  std::filesystem::path
      out;  // the MP4; the manifest lies beside it as <out>.manifest.json with .sig and .pem
  // One without a manifest is a copy that may be had again: it is not synced, either.
  bool signed_manifest = true;
};
// Time between two pieces of footage of which neither footage nor ledger says anything: it was not to be
// recorded, or what was known of it is lost.
struct Unexplained {
  WallTime start{};
  WallTime end{};
};
struct Exported {
  WallTime start{};  // of the first picture: the keyframe at or before `from`
  WallTime end{};
  std::uint64_t bytes = 0;
  std::uint64_t frames = 0;
  std::vector<std::string> files;  // of the segments
  std::vector<store::Gap> gaps;    // of the interval asked, also where the film does not reach
  std::vector<Unexplained> unexplained;
  std::vector<std::string> changed;  // of `files`, whose CRC-32 does not hold; known with a manifest only
};
// One MP4 of the interval (QuickTime where the sound is G.711, which MP4 does not hold), nothing encoded
// anew, its index in front. Timestamps follow the ledger's time: over a gap the picture stands. Where the
// parameters of the codec change, they stand in the stream. Written under `.part`, synced, renamed; what was
// there goes. What of a segment cannot be read, also when it goes meanwhile, becomes a gap `damaged`. `progress` may be empty; called on this
// thread. An export with a manifest overwrites nothing, and one that fails or is cancelled leaves none of
// export_files(). Errors: invalid_argument (an empty interval), already_exists (one of them), not_found (nothing was recorded then), unsupported
// (another codec or sound from a moment on, a gap of more than six hours: the text says which two exports
// mend it), cancelled, io, resource, corrupt.
Result<Exported> export_footage(store::SegmentIndex& index, const std::filesystem::path& folder,
                                const std::filesystem::path& key_file, const ExportOrder& order,
                                const std::function<void(const Progress&)>& progress, std::stop_token stop);

// What an export with a manifest makes: the film, its `.part`, the manifest, its signature, the public key.
std::vector<std::filesystem::path> export_files(const std::filesystem::path& out);

// `<film>.manifest.json`, its signature and the public key beside it, against the film. `public_pem`: the key
// that must have signed; empty: the one beside the film, whose fingerprint is to be compared by hand.
struct Verified {
  std::string fingerprint;  // SHA-256 of the public key (DER), hexadecimal
  std::string manifest;     // its JSON
};
// Errors: corrupt (the signature, the hash or the size does not fit; the text says which), not_found, io.
Result<Verified> verify_export(const std::filesystem::path& film, const std::string& public_pem,
                               const std::function<void(const Progress&)>& progress);

// The first picture at or after an instant within a segment, or its last one, as JPEG of at most `width`
// pixels. `file`: as file_on_disk() says. Errors: not_found, io, corrupt, decode (no picture comes out).
Result<std::string> thumbnail(const std::filesystem::path& file, std::chrono::milliseconds into, int width);

// What `porchlight footage check` finds. The names of faults are in docs/storage.md.
struct FootageFault {
  std::string name;
  std::string camera_id;
  std::string file;  // may be empty
  std::string detail;
  bool mendable = false;
  bool mended = false;
};
struct CheckOrder {
  bool deep = false;         // reads every byte
  bool repair = false;       // only while no daemon records into the folder
  bool daemon_runs = false;  // the caller knows that one does; a lock on the volume's identity tells, too
  // Whose every instant is to be explained; nothing: all cameras of the index.
  std::optional<std::vector<std::string>> continuous{};
};
// Beside a running daemon, what it is just doing is no fault. Errors: unavailable (to repair while a daemon
// records into the folder), io.
Result<std::vector<FootageFault>> check_footage(store::SegmentIndex& index,
                                                const std::filesystem::path& folder, const CheckOrder& order,
                                                const std::function<void(const Progress&)>& progress);

}  // namespace porchlight::record
