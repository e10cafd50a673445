// SPDX-License-Identifier: Apache-2.0
#include "store/timed_files.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <new>

#include "porchlight/base/mounts.hpp"

namespace porchlight::store {
namespace {

// What SQLite knows as a file; the library's own lies right behind it, in one allocation of SQLite's.
struct TimedFile {
  sqlite3_file base{};
  sqlite3_io_methods methods{};  // of the version that the real file has
  TimedFiles* files = nullptr;   // null: not observed

  sqlite3_file* real() noexcept { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

TimedFile& timed(sqlite3_file* file) noexcept {
  return *reinterpret_cast<TimedFile*>(file);
}

TimedFiles& files_of(sqlite3_vfs* vfs) noexcept {
  return *static_cast<TimedFiles*>(vfs->pAppData);
}

// The same question to the real one.
template <auto method>
struct Handed;
template <class Answer, class... Words, Answer (*sqlite3_vfs::*method)(sqlite3_vfs*, Words...)>
struct Handed<method> {
  static Answer on(sqlite3_vfs* vfs, Words... words) {
    auto& real = files_of(vfs).real();
    return (real.*method)(&real, words...);
  }
};
template <class Answer, class... Words, Answer (*sqlite3_io_methods::*method)(sqlite3_file*, Words...)>
struct Handed<method> {
  static Answer on(sqlite3_file* file, Words... words) {
    auto* real = timed(file).real();
    return (real->pMethods->*method)(real, words...);
  }
};

template <auto method, TimedFiles::Operation operation>
struct Observed;
template <class... Words, int (*sqlite3_io_methods::*method)(sqlite3_file*, Words...),
          TimedFiles::Operation operation>
struct Observed<method, operation> {
  static int on(sqlite3_file* file, Words... words) {
    auto* files = timed(file).files;
    const auto begun = std::chrono::steady_clock::now();
    const int outcome = Handed<method>::on(file, words...);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
    if (files != nullptr) files->latency(operation).observe(took.count());
    return outcome;
  }
};

sqlite3_io_methods methods_like(const sqlite3_io_methods& real) {
  using Io = sqlite3_io_methods;
  Io io{};
  io.iVersion = std::min(real.iVersion, 3);
  io.xClose = Handed<&Io::xClose>::on;
  io.xRead = Observed<&Io::xRead, TimedFiles::read>::on;
  io.xWrite = Observed<&Io::xWrite, TimedFiles::write>::on;
  io.xTruncate = Handed<&Io::xTruncate>::on;
  io.xSync = Observed<&Io::xSync, TimedFiles::sync>::on;
  io.xFileSize = Handed<&Io::xFileSize>::on;
  io.xLock = Handed<&Io::xLock>::on;
  io.xUnlock = Handed<&Io::xUnlock>::on;
  io.xCheckReservedLock = Handed<&Io::xCheckReservedLock>::on;
  io.xFileControl = Handed<&Io::xFileControl>::on;
  io.xSectorSize = Handed<&Io::xSectorSize>::on;
  io.xDeviceCharacteristics = Handed<&Io::xDeviceCharacteristics>::on;
  io.xShmMap = Handed<&Io::xShmMap>::on;
  io.xShmLock = Handed<&Io::xShmLock>::on;
  io.xShmBarrier = Handed<&Io::xShmBarrier>::on;
  io.xShmUnmap = Handed<&Io::xShmUnmap>::on;
  io.xFetch = Handed<&Io::xFetch>::on;
  io.xUnfetch = Handed<&Io::xUnfetch>::on;
  return io;
}

// SQLite closes what has methods, also after an open that failed: then the real file decides.
int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* place, int flags, int* out_flags) {
  auto& file = *new (place) TimedFile;
  auto& files = files_of(vfs);
  file.real()->pMethods = nullptr;
  const int outcome = files.real().xOpen(&files.real(), name, file.real(), flags, out_flags);
  if (file.real()->pMethods == nullptr) return outcome;
  file.methods = methods_like(*file.real()->pMethods);
  file.base.pMethods = &file.methods;
  if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0) file.files = &files;
  return outcome;
}

sqlite3_vfs vfs_like(const sqlite3_vfs& real) {
  using Vfs = sqlite3_vfs;
  Vfs vfs = real;
  vfs.iVersion = std::min(real.iVersion, 3);
  vfs.szOsFile = static_cast<int>(sizeof(TimedFile)) + real.szOsFile;
  vfs.pNext = nullptr;
  vfs.xOpen = open;
  vfs.xDelete = Handed<&Vfs::xDelete>::on;
  vfs.xAccess = Handed<&Vfs::xAccess>::on;
  vfs.xFullPathname = Handed<&Vfs::xFullPathname>::on;
  vfs.xDlOpen = Handed<&Vfs::xDlOpen>::on;
  vfs.xDlError = Handed<&Vfs::xDlError>::on;
  vfs.xDlSym = Handed<&Vfs::xDlSym>::on;
  vfs.xDlClose = Handed<&Vfs::xDlClose>::on;
  vfs.xRandomness = Handed<&Vfs::xRandomness>::on;
  vfs.xSleep = Handed<&Vfs::xSleep>::on;
  vfs.xCurrentTime = Handed<&Vfs::xCurrentTime>::on;
  vfs.xGetLastError = Handed<&Vfs::xGetLastError>::on;
  vfs.xCurrentTimeInt64 = Handed<&Vfs::xCurrentTimeInt64>::on;
  vfs.xSetSystemCall = Handed<&Vfs::xSetSystemCall>::on;
  vfs.xGetSystemCall = Handed<&Vfs::xGetSystemCall>::on;
  vfs.xNextSystemCall = Handed<&Vfs::xNextSystemCall>::on;
  return vfs;
}

constexpr std::array operations = {"read", "write", "sync"};

telemetry::Labels labels_of(const std::string& device, const char* operation) {
  return {{"device", device}, {"operation", operation}};
}

}  // namespace

std::unique_ptr<TimedFiles> TimedFiles::create(const std::filesystem::path& file,
                                               telemetry::Metrics& metrics) {
  const auto device = block_device_under(file);
  auto* real = sqlite3_vfs_find(nullptr);
  if (device.empty() || real == nullptr ||
      !metrics.knows("disk_io_latency_ms", labels_of(device, operations[sync])))
    return nullptr;
  std::unique_ptr<TimedFiles> files(new TimedFiles(*real, device, metrics));
  return sqlite3_vfs_register(&files->vfs_, 0) == SQLITE_OK ? std::move(files) : nullptr;
}

// A name of its own: every connection has its own metrics.
TimedFiles::TimedFiles(sqlite3_vfs& real, const std::string& device, telemetry::Metrics& metrics)
    : real_(real),
      name_("porchlight-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))),
      vfs_(vfs_like(real)) {
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  for (std::size_t i = 0; i < operations.size(); ++i)
    latencies_[i] = metrics.histogram("disk_io_latency_ms", labels_of(device, operations[i]));
}

TimedFiles::~TimedFiles() {
  sqlite3_vfs_unregister(&vfs_);
}

}  // namespace porchlight::store
