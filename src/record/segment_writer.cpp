// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include "fragment_builder.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "record/segment_file.hpp"
#include "record/side_job.hpp"
#include "segment_file_write.hpp"
#include "segment_folder.hpp"
#include "segment_notes.hpp"

namespace porchlight::record {
namespace {

using std::filesystem::path;

constexpr std::array<std::string_view, 3> video_codecs{"h264", "hevc", "mjpeg"};
constexpr std::array<std::string_view, 4> audio_codecs{"aac", "opus", "pcm_alaw", "pcm_mulaw"};

Error failed(std::string_view verb, const path& file) {
  return errno_error(errno, std::string(verb) + " '" + file.string() + "'");
}

bool stays_beneath(const path& file) {
  return file.is_relative() && file.has_filename() &&
         std::find(file.begin(), file.end(), path("..")) == file.end();
}

Status check_order(const path& file, const media::StreamInfo* video, const media::StreamInfo* audio) {
  const auto what = "begin segment '" + file.string() + "'";
  if (!stays_beneath(file)) return Error(ErrorCode::invalid_argument, what + ": not beneath the volume");
  if (video == nullptr || video->kind != media::MediaKind::video || !is_recordable(*video))
    return Error(ErrorCode::unsupported,
                 what + ": " + (video == nullptr ? "no pictures" : "no segment holds " + video->codec));
  if (audio != nullptr && (audio->kind != media::MediaKind::audio || !is_recordable(*audio)))
    return Error(ErrorCode::unsupported, what + ": no segment holds " + audio->codec);
  if (file.extension() != "." + std::string(segment_ending(audio)))
    return Error(ErrorCode::invalid_argument, what + ": it has to end in ." + segment_ending(audio));
  return {};
}

}  // namespace

bool is_recordable(const media::StreamInfo& stream) {
  if (stream.kind == media::MediaKind::video)
    return std::find(video_codecs.begin(), video_codecs.end(), stream.codec) != video_codecs.end();
  return std::find(audio_codecs.begin(), audio_codecs.end(), stream.codec) != audio_codecs.end();
}

const char* segment_ending(const media::StreamInfo* audio) {
  return audio != nullptr && audio->codec.starts_with("pcm_") ? "mov" : "mp4";
}

struct SegmentWriter::State {
  State(path file_, const SegmentHead& head, std::shared_ptr<const media::StreamInfo> video,
        std::shared_ptr<const media::StreamInfo> audio, SyncMeter its_meter)
      : file(std::move(file_)),
        part(file.string() + ".part"),
        meter(std::move(its_meter)),
        builder(head_box(head), std::move(video), std::move(audio)) {}

  Status usable() const;
  Status put(std::string_view bytes);
  Status sync();

  const path file;
  const path part;
  const SyncMeter meter;
  UniqueFd fd;
  FragmentBuilder builder;
  bool dead = false;
  bool folder_synced = false;
  bool has_tail = false;
  bool all_synced = false;
  std::uint64_t bytes = 0;
  std::uint64_t synced_bytes = 0;
  std::uint64_t frames = 0;
  std::chrono::milliseconds duration{0};
  std::uint32_t crc = 0;
};

Status SegmentWriter::State::usable() const {
  if (fd && !dead) return {};
  return Error(ErrorCode::io, "write '" + part.string() + "': " + (fd ? "it failed before" : "it is closed"));
}

Status SegmentWriter::State::put(std::string_view text) {
  if (auto status = write_at(fd.get(), bytes, text, part); !status) {
    dead = true;
    return status;
  }
  crc = static_cast<std::uint32_t>(
      ::crc32(crc, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
  bytes += text.size();
  return {};
}

// The kernel tells of a failed sync once and forgets what it was about: asked again, it would say that all is
// well.
Status SegmentWriter::State::sync() {
  if (auto status = usable(); !status) return status;
  std::optional<SideJob> folder;
  if (!folder_synced) folder.emplace([this] { return sync_folder(part.parent_path(), meter); });
  Status status;
  if (timed(meter, [this] { return ::fdatasync(fd.get()); }) != 0) status = failed("sync", part);
  if (folder)
    if (auto named = folder->wait(); status) status = std::move(named);
  if (!status) {
    dead = true;
    return status;
  }
  folder_synced = true;
  synced_bytes = bytes;
  all_synced = has_tail;
  return {};
}

SegmentWriter::SegmentWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

SegmentWriter::~SegmentWriter() {
  abandon();
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::create(const path& folder, const std::string& file,
                                                             const SegmentHead& head,
                                                             std::shared_ptr<const media::StreamInfo> video,
                                                             std::shared_ptr<const media::StreamInfo> audio,
                                                             SyncMeter meter) {
  if (auto status = check_order(file, video.get(), audio.get()); !status) return std::move(status).error();
  if (head_box(head).size() > longest_note)
    return Error(ErrorCode::invalid_argument, "begin segment '" + file + "': its head is too long");
  if (auto status = make_folders(folder, path(file).parent_path(), meter); !status)
    return std::move(status).error();
  auto state =
      std::make_unique<State>(folder / file, head, std::move(video), std::move(audio), std::move(meter));
  struct ::stat info {};
  if (::lstat(state->file.c_str(), &info) == 0) errno = EEXIST;
  if (errno != ENOENT) return failed("begin segment", state->file);
  state->fd.reset(::open(state->part.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!state->fd) return failed("open", state->part);
  return std::unique_ptr<SegmentWriter>(new SegmentWriter(std::move(state)));
}

bool SegmentWriter::join(const std::shared_ptr<const media::StreamInfo>& audio) {
  return state_->usable() && is_recordable(*audio) && state_->builder.join(audio);
}

Status SegmentWriter::append(const media::Packet& packet) {
  if (auto status = state_->usable(); !status) return status;
  return state_->builder.append(packet);
}

std::chrono::milliseconds SegmentWriter::pending() const {
  return state_->builder.pending();
}

Status SegmentWriter::write() {
  auto& state = *state_;
  if (auto status = state.usable(); !status) return status;
  auto fragment = state.builder.build();
  if (!fragment) {
    state.dead = true;
    return std::move(fragment).error().context("write '" + state.part.string() + "'");
  }
  if (fragment->empty()) return {};
  if (auto status = state.put(*fragment); !status) return status;
  state.frames = state.builder.frames();
  state.duration = state.builder.duration();
  return {};
}

Status SegmentWriter::sync() {
  return state_->sync();
}

Result<SegmentTail> SegmentWriter::write_tail() {
  auto& state = *state_;
  if (auto status = write(); !status) return std::move(status).error();
  if (state.bytes == 0)
    return Error(ErrorCode::invalid_argument, "finish '" + state.part.string() + "': there is nothing in it");
  const SegmentTail tail{state.duration, state.frames, state.bytes, state.crc, false};
  if (auto status = state.put(tail_box(tail)); !status) return std::move(status).error();
  state.has_tail = true;
  return tail;
}

Status SegmentWriter::give_name() {
  auto& state = *state_;
  auto status = settle_name(state.part, state.file, state.meter);
  // On the medium under the one name or the other, and whole: nothing is left to be done with it here.
  state.fd.reset();
  return status;
}

Result<SegmentTail> SegmentWriter::finish() {
  auto tail = write_tail();
  if (!tail) return tail;
  auto status = sync();
  if (status) status = give_name();
  if (!status) return std::move(status).error();
  return tail;
}

void SegmentWriter::abandon() noexcept {
  auto& state = *state_;
  if (!state.fd) return;
  // What was not synced must not look kept to who reads it from memory.
  if (state.dead && state.synced_bytes > 0)
    (void)!::ftruncate(state.fd.get(), static_cast<::off_t>(state.synced_bytes));
  if (state.synced_bytes == 0 && (state.dead || state.bytes == 0)) ::unlink(state.part.c_str());
  state.fd.reset();
}

std::uint64_t SegmentWriter::bytes() const {
  return state_->bytes;
}
std::uint64_t SegmentWriter::frames() const {
  return state_->frames;
}
std::chrono::milliseconds SegmentWriter::duration() const {
  return state_->duration;
}
int SegmentWriter::width() const {
  return state_->builder.width();
}
int SegmentWriter::height() const {
  return state_->builder.height();
}
bool SegmentWriter::all_synced() const {
  return state_->all_synced;
}

}  // namespace porchlight::record
