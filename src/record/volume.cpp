// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/volume.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <span>

#include "porchlight/base/durable_file.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "porchlight/event/id.hpp"
#include "segment_folder.hpp"

namespace porchlight::record {
namespace {

using Json = nlohmann::json;
using std::filesystem::path;

constexpr std::size_t longest_identity = 4096;
constexpr const char* format = "porchlight-volume";

std::string about(const path& folder) {
  return "open the recordings' volume '" + folder.string() + "'";
}

Error failed(const path& folder) {
  return errno_error(errno, about(folder));
}

// Nothing: there is no identity.
Result<std::optional<std::string>> read_identity(const path& folder) {
  const auto file = folder / Volume::identity_file;
  const auto text = read_whole_file(file, longest_identity);
  if (!text && text.error().code() == ErrorCode::not_found) return std::optional<std::string>();
  if (!text) return Error(text.error()).context(about(folder));
  const auto json = Json::parse(*text, nullptr, false);
  if (json.is_object() && json.value("format", Json()) == format) {
    const auto id = json.value("id", Json());
    if (id.is_string() && event::EventId::parse(id.get<std::string>()))
      return std::optional(id.get<std::string>());
  }
  return Error(ErrorCode::corrupt,
               about(folder) + ": '" + file.string() +
                   "' cannot be read; put it back from a copy, or move it away and give the "
                   "folder a new identity by `porchlight footage init`");
}

// A new file system has a folder of its own in it.
Result<bool> holds_nothing(const path& folder) {
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure))
    if (entry->path().filename() != "lost+found") return false;
  if (failure) return errno_error(failure.value(), about(folder));
  return true;
}

Status make_folder(const path& folder) {
  if (::mkdir(folder.c_str(), 0750) != 0) return failed(folder);
  if (::chmod(folder.c_str(), 0750) != 0) return failed(folder);  // whatever the umask
  auto status = sync_folder(folder.parent_path());
  if (status) return status;
  ::rmdir(folder.c_str());  // the next time it would be taken for one that is on the medium
  return std::move(status).error().context(about(folder));
}

Result<std::string> give_identity(const path& folder) {
  const SystemClock clock;
  const auto id = event::EventId::generate(clock.wall()).text();
  const auto text = Json{{"format", format}, {"version", 1}, {"id", id}}.dump() + "\n";
  const auto file = folder / Volume::identity_file;
  auto status = write_durably(file, std::as_bytes(std::span(text)));
  if (status) return id;
  ::unlink(file.c_str());  // it may have its name, but not on the medium
  return std::move(status).error().context(about(folder));
}

Status must_be_writable(const path& folder) {
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) == 0) return {};
  const auto why = errno;
  return Error(
      errno_error(why, about(folder)).code(),
      errno_error(why, about(folder)).text() +
          (why == EROFS ? "; mount it for writing" : "; it has to be writable for the user porchlight"));
}

Error missing(const path& folder, const char* what) {
  return Error(ErrorCode::not_found, about(folder) + ": " + what);
}

}  // namespace

Result<Volume> Volume::open(const path& folder, const std::optional<std::string>& expected) {
  struct ::stat info {};
  const bool is_there = ::stat(folder.c_str(), &info) == 0;
  if (!is_there && errno != ENOENT) return failed(folder);
  if (!is_there && expected)
    return missing(folder,
                   "the folder is missing; mount the volume, or create the folder and run `porchlight "
                   "footage init` to begin anew");
  if (!is_there)
    if (auto status = make_folder(folder); !status) return std::move(status).error();
  if (is_there && !S_ISDIR(info.st_mode)) return errno_error(ENOTDIR, about(folder));
  auto id = read_identity(folder);
  if (!id) return std::move(id).error();
  if (*id && expected && **id != *expected)
    return Error(ErrorCode::already_exists,
                 about(folder) + ": it is another volume (" + **id + ") than the one that was used so far (" +
                     *expected + "); mount that one, or move `footage.db` away to go on with this");
  if (auto status = must_be_writable(folder); !status) return std::move(status).error();
  if (*id) return Volume(folder, **id);
  if (expected)
    return missing(folder,
                   "'porchlight-volume.json' is missing; mount the volume, or give the folder an identity "
                   "by `porchlight footage init`");
  const auto empty = holds_nothing(folder);
  if (!empty) return empty.error();
  if (!*empty)
    return missing(folder,
                   "the folder is not empty and was never used for recordings; choose another one, or give "
                   "it an identity by `porchlight footage init`");
  auto given = give_identity(folder);
  if (!given) return std::move(given).error();
  return Volume(folder, *given);
}

Result<Volume> Volume::init(const path& folder) {
  struct ::stat info {};
  if (::stat(folder.c_str(), &info) != 0) return failed(folder);
  if (!S_ISDIR(info.st_mode)) return errno_error(ENOTDIR, about(folder));
  const auto id = read_identity(folder);
  if (!id) return id.error();
  if (*id)
    return Error(ErrorCode::already_exists, about(folder) + ": it has an identity already (" + **id + ")");
  auto given = give_identity(folder);
  if (!given) return std::move(given).error();
  return Volume(folder, *given);
}

Result<Volume::Space> Volume::space() const {
  struct ::statvfs info {};
  if (::statvfs(folder_.c_str(), &info) != 0) return failed(folder_);
  const auto unit = static_cast<std::uint64_t>(info.f_frsize);
  return Space{info.f_blocks * unit, info.f_bavail * unit};
}

Status Volume::try_writing() const {
  const auto file = folder_ / "porchlight-probe.part";
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (fd && ::unlink(file.c_str()) == 0) return {};
  auto error = failed(folder_);
  if (error.code() == ErrorCode::resource) return {};
  return Error(error.code(), error.text() + "; it takes no files: the log of the kernel says why");
}

std::string Volume::file_of(const std::string& camera_id, const std::optional<WallTime>& start,
                            const std::string& boot_id, MonotonicTime begin, const char* extension) {
  if (!start) {
    const auto at = std::chrono::floor<std::chrono::milliseconds>(begin.time_since_epoch());
    return camera_id + "/unsettled/" + boot_id.substr(0, 8) + "-" + std::to_string(at.count()) + "." +
           extension;
  }
  auto text = rfc3339(*start);  // 2026-11-26T15:04:05.123Z
  for (auto& letter : text)
    if (letter == ':') letter = '-';
  text[text.find('T')] = '/';
  return camera_id + "/" + text + "." + extension;
}

}  // namespace porchlight::record
