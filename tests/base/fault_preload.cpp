// SPDX-License-Identifier: Apache-2.0
// Preloaded into a writer: counts its file calls and, at call FAULT_AT, fails it with FAULT_ERRNO or,
// when FAULT_ERRNO is "kill", ends the process there. FAULT_LOG receives the order of the calls.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

int calls = 0;

template <class F>
F real(const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

void log_call(const char* name) {
  const char* log = std::getenv("FAULT_LOG");
  if (log == nullptr) return;
  using Open = int (*)(const char*, int, ...);
  using Write = ssize_t (*)(int, const void*, size_t);
  const int fd = real<Open>("open")(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  char line[64];
  const int length = std::snprintf(line, sizeof line, "%s\n", name);
  [[maybe_unused]] auto n = real<Write>("write")(fd, line, static_cast<size_t>(length));
  ::close(fd);
}

// True when this call is to fail; does not return when it is to kill.
bool fails(const char* name) {
  log_call(name);
  const char* at = std::getenv("FAULT_AT");
  if (at == nullptr || ++calls != std::atoi(at)) return false;
  const char* how = std::getenv("FAULT_ERRNO");
  if (how == nullptr || std::strcmp(how, "kill") == 0) ::kill(::getpid(), SIGKILL);
  errno = std::atoi(how);
  return true;
}

bool is_ours(const char* path) {
  const char* folder = std::getenv("FAULT_FOLDER");
  return folder != nullptr && std::strncmp(path, folder, std::strlen(folder)) == 0;
}

int watched_fd = -1;

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const auto mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : mode_t{0};
  va_end(list);
  using Open = int (*)(const char*, int, ...);
  if (!is_ours(path)) return real<Open>("open")(path, flags, mode);
  if (fails((flags & O_DIRECTORY) != 0 ? "open folder" : "open file")) return -1;
  return watched_fd = real<Open>("open")(path, flags, mode);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  using Write = ssize_t (*)(int, const void*, size_t);
  if (fd != watched_fd) return real<Write>("write")(fd, bytes, size);
  if (fails("write")) return -1;
  // Half at a time, so that a short write is met and a crash can fall between two.
  return real<Write>("write")(fd, bytes, size > 1 ? size / 2 : size);
}

int fdatasync(int fd) {
  if (fails("fdatasync")) return -1;
  return real<int (*)(int)>("fdatasync")(fd);
}

int fsync(int fd) {
  if (fails("fsync")) return -1;
  return real<int (*)(int)>("fsync")(fd);
}

int rename(const char* from, const char* to) {
  if (fails("rename")) return -1;
  return real<int (*)(const char*, const char*)>("rename")(from, to);
}

}  // extern "C"
