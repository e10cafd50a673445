/* SPDX-License-Identifier: Apache-2.0
 * Stands between a program and the C library's file calls (LD_PRELOAD).
 *   IO_SHIM_LOG=FILE    one line for each write, sync and acknowledgement that returned:
 *                       `write PATH`, `sync PATH`, `ack`, and for each that was failed: `fault PATH`.
 *                       An acknowledgement is a write to descriptor 1.
 *                       With IO_SHIM_IDS set also `row ID` after each such write, for every event id among
 *                       its bytes, and `told ID` before an answer `200` that names it leaves on a Unix
 *                       socket under IO_SHIM_DIR. A sync is noted when it has completed, an answer before
 *                       it is sent: a sync that stands above an answer came first.
 *   IO_SHIM_SKIP_SYNC=1 a sync of a write-ahead log (`-wal`) returns 0 and nothing is done or noted.
 *   IO_SHIM_SYNC_MS=N   a sync of a file under IO_SHIM_DIR takes so many milliseconds longer.
 *   IO_SHIM_TIMES=1     each such sync is also noted as `synced BYTES BEGIN END PATH`: the file's size when
 *                       it began, and ms of CLOCK_MONOTONIC.
 *   IO_SHIM_FAIL=N      the N-th write or sync on a file under IO_SHIM_DIR fails, and every later one
 *                       too when IO_SHIM_STICKY is set.
 *   IO_SHIM_ERRNO=E     with this errno (default EIO).
 *   IO_SHIM_NAMES=1     opening, mkdir, rename and unlink count among the calls of IO_SHIM_FAIL, too.
 *   IO_SHIM_CALL=KIND   only calls of this kind count: write, sync, cut, open, mkdir, rename, unlink or all. With
 *                       IO_SHIM_LOG also `call KIND PATH` for each that counts, before it is made.
 *   IO_SHIM_SIZES=1     with IO_SHIM_LOG also `kept SIZE PATH` when a sync of a file has returned.
 *   IO_SHIM_STUCK=FILE  while FILE exists, reading, writing, syncing, opening, renaming, removing and statvfs under
 *                       IO_SHIM_DIR wait, as on a disk that does not answer. With IO_SHIM_LOG `stuck KIND PATH`
 *                       for each that begins to wait.
 *   IO_SHIM_BAD_FILE=F  of this file the 4096 bytes from IO_SHIM_BAD_AT=N on cannot be read (EIO).
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static long countdown; /* of several threads */
static int counting;
static const char* only;
static int sizes;
static int sticky;
static int skip_sync;
static int ids;
static int names;
static long sync_ms;
static int times;
static int fail_errno = EIO;
static const char* dir;
static int log_fd = -1;
static const char* stuck;
static const char* bad_file;
static off64_t bad_at;

__attribute__((constructor)) static void start(void) {
  const char* text = getenv("IO_SHIM_FAIL");
  counting = text != NULL && atol(text) >= 0;
  if (counting) countdown = atol(text);
  only = getenv("IO_SHIM_CALL");
  sizes = getenv("IO_SHIM_SIZES") != NULL;
  times = getenv("IO_SHIM_TIMES") != NULL;
  sticky = getenv("IO_SHIM_STICKY") != NULL;
  text = getenv("IO_SHIM_ERRNO");
  if (text != NULL) fail_errno = atoi(text);
  skip_sync = getenv("IO_SHIM_SKIP_SYNC") != NULL;
  ids = getenv("IO_SHIM_IDS") != NULL;
  names = getenv("IO_SHIM_NAMES") != NULL;
  text = getenv("IO_SHIM_SYNC_MS");
  if (text != NULL) sync_ms = atol(text);
  dir = getenv("IO_SHIM_DIR");
  stuck = getenv("IO_SHIM_STUCK");
  bad_file = getenv("IO_SHIM_BAD_FILE");
  text = getenv("IO_SHIM_BAD_AT");
  if (text != NULL) bad_at = atoll(text);
  text = getenv("IO_SHIM_LOG");
  if (text != NULL) log_fd = open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Our own lines go by the bare system call: they are not what is watched. */
static void note(const char* what, const char* path) {
  char line[PATH_MAX + 128];
  if (log_fd < 0) return;
  int size = snprintf(line, sizeof line, "%s%s%s\n", what, *path ? " " : "", path);
  if (syscall(SYS_write, log_fd, line, (size_t)size) != size) abort();
}

static const char* path_of(int fd, char* path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, PATH_MAX - 1);
  path[size > 0 ? size : 0] = '\0';
  return path;
}

static int is_wal(const char* path) {
  const size_t size = strlen(path);
  return size > 4 && strcmp(path + size - 4, "-wal") == 0;
}

static int is_watched(const char* path) {
  return dir != NULL && strncmp(path, dir, strlen(dir)) == 0;
}

static void wait_while_stuck(const char* kind, const char* path) {
  static const struct timespec moment = {0, 10000000};
  char what[32];
  if (stuck == NULL || !is_watched(path)) return;
  for (int noted = 0; syscall(SYS_faccessat, AT_FDCWD, stuck, F_OK) == 0; noted = 1) {
    snprintf(what, sizeof what, "stuck %s", kind);
    if (!noted) note(what, path);
    nanosleep(&moment, NULL);
  }
}

static int counts(const char* kind) {
  if (only != NULL) return strcmp(only, "all") == 0 || strcmp(only, kind) == 0;
  return names || strcmp(kind, "write") == 0 || strcmp(kind, "sync") == 0 || strcmp(kind, "cut") == 0;
}

static void note_call(const char* kind, const char* path) {
  char what[32];
  snprintf(what, sizeof what, "call %s", kind);
  note(what, path);
}

/* True when this call is the one to fail. Each thread's call has a number of its own. */
static int fails(const char* kind, const char* path) {
  wait_while_stuck(kind, path);
  if (!counting || !is_watched(path) || !counts(kind)) return 0;
  if (only != NULL) note_call(kind, path);
  const long left = __atomic_fetch_sub(&countdown, 1, __ATOMIC_RELAXED);
  if (left > 1 || (left < 1 && !sticky)) return 0;
  note("fault", path);
  errno = fail_errno;
  return 1;
}

/* An event id: a UUID of version 7 as text. */
static int is_id(const char* at) {
  for (int i = 0; i < 36; ++i) {
    const int is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? at[i] != '-' : !isxdigit((unsigned char)at[i])) return 0;
  }
  return at[14] == '7';
}

static void note_ids(const char* what, const char* bytes, size_t size) {
  char id[37] = "";
  for (size_t at = 0; at + 36 <= size; ++at) {
    if (!is_id(bytes + at)) continue;
    memcpy(id, bytes + at, 36);
    note(what, id);
    at += 35;
  }
}

static void wrote(int fd, const char* path, const char* bytes, size_t size) {
  if (fd == STDOUT_FILENO) {
    note("ack", "");
  } else if (is_watched(path)) {
    note("write", path);
    if (ids && is_wal(path)) note_ids("row", bytes, size);
  }
}

ssize_t write(int fd, const void* bytes, size_t size) {
  char path[PATH_MAX];
  if (fails("write", path_of(fd, path))) return -1;
  ssize_t done = syscall(SYS_write, fd, bytes, size);
  if (done >= 0) wrote(fd, path, bytes, (size_t)done);
  return done;
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  char path[PATH_MAX];
  if (fails("write", path_of(fd, path))) return -1;
  ssize_t done = syscall(SYS_pwrite64, fd, bytes, size, at);
  if (done >= 0) wrote(fd, path, bytes, (size_t)done);
  return done;
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  return pwrite64(fd, bytes, size, at);
}

/* How much of it can be read, as of a disk with a bad sector: up to there, and then nothing. */
static ssize_t readable(int fd, size_t size, off64_t at) {
  char path[PATH_MAX];
  if (stuck != NULL) wait_while_stuck("read", path_of(fd, path));
  if (bad_file == NULL || at >= bad_at + 4096 || at + (off64_t)size <= bad_at) return (ssize_t)size;
  if (strcmp(path_of(fd, path), bad_file) != 0) return (ssize_t)size;
  if (at < bad_at) return (ssize_t)(bad_at - at);
  note("bad", path);
  errno = EIO;
  return -1;
}

ssize_t read(int fd, void* bytes, size_t size) {
  const off64_t at = bad_file != NULL ? lseek64(fd, 0, SEEK_CUR) : -1;
  const ssize_t some = at >= 0 ? readable(fd, size, at) : (ssize_t)size;
  return some < 0 ? -1 : syscall(SYS_read, fd, bytes, (size_t)some);
}

ssize_t pread64(int fd, void* bytes, size_t size, off64_t at) {
  const ssize_t some = readable(fd, size, at);
  return some < 0 ? -1 : syscall(SYS_pread64, fd, bytes, (size_t)some, at);
}

ssize_t pread(int fd, void* bytes, size_t size, off_t at) {
  return pread64(fd, bytes, size, at);
}

static void note_synced(int fd, const char* path) {
  struct stat info;
  char what[48];
  note("sync", path);
  if (!sizes || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return;
  snprintf(what, sizeof what, "kept %lld", (long long)info.st_size);
}

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static long size_of(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 ? (long)info.st_size : -1;
}

static void note_times(long size, long begun, const char* path) {
  char what[96];
  snprintf(what, sizeof what, "synced %ld %ld %ld", size, begun, now_ms());
  note(what, path);
}

static int synced(long call, int fd) {
  char path[PATH_MAX];
  if (fails("sync", path_of(fd, path))) return -1;
  if (skip_sync && is_watched(path) && is_wal(path)) return 0;
  const long size = times ? size_of(fd) : 0;
  const long begun = times ? now_ms() : 0;
  if (sync_ms > 0 && is_watched(path)) {
    const struct timespec slow = {sync_ms / 1000, sync_ms % 1000 * 1000000};
    nanosleep(&slow, NULL);
  }
  int done = (int)syscall(call, fd);
  if (done == 0 && is_watched(path)) note_synced(fd, path);
  if (done == 0 && times && is_watched(path)) note_times(size, begun, path);
  return done;
}

int fsync(int fd) {
  return synced(SYS_fsync, fd);
}
int fdatasync(int fd) {
  return synced(SYS_fdatasync, fd);
}

int ftruncate64(int fd, off64_t size) {
  char path[PATH_MAX];
  if (fails("cut", path_of(fd, path))) return -1;
  return (int)syscall(SYS_ftruncate, fd, size);
}
int ftruncate(int fd, off_t size) {
  return ftruncate64(fd, size);
}

static int opened(const char* path, int flags, va_list rest) {
  const int mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, int) : 0;
  if (fails("open", path)) return -1;
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const int fd = opened(path, flags, rest);
  va_end(rest);
  return fd;
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const int fd = opened(path, flags | O_LARGEFILE, rest);
  va_end(rest);
  return fd;
}

int mkdir(const char* path, mode_t mode) {
  if (fails("mkdir", path)) return -1;
  return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int rename(const char* from, const char* to) {
  if (fails("rename", from)) return -1;
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char* path) {
  if (fails("unlink", path)) return -1;
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* What std::filesystem removes by: a file, or an empty folder. */
int remove(const char* path) {
  if (fails("unlink", path)) return -1;
  if (syscall(SYS_unlinkat, AT_FDCWD, path, 0) == 0) return 0;
  return errno == EISDIR ? (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR) : -1;
}

/* The next one's, since what a file system says of itself has another form for the kernel. */
int statvfs64(const char* path, struct statvfs64* space) {
  static int (*next)(const char*, struct statvfs64*);
  if (next == NULL) next = (int (*)(const char*, struct statvfs64*))dlsym(RTLD_NEXT, "statvfs64");
  wait_while_stuck("statvfs", path);
  return next(path, space);
}

int statvfs(const char* path, struct statvfs* space) {
  static int (*next)(const char*, struct statvfs*);
  if (next == NULL) next = (int (*)(const char*, struct statvfs*))dlsym(RTLD_NEXT, "statvfs");
  wait_while_stuck("statvfs", path);
  return next(path, space);
}

static int is_watched_socket(int fd) {
  struct sockaddr_un name = {0};
  socklen_t size = sizeof name - 1;
  if (getsockname(fd, (struct sockaddr*)&name, &size) != 0 || name.sun_family != AF_UNIX) return 0;
  return is_watched(name.sun_path);
}

static void telling(int fd, const struct iovec* parts, size_t count) {
  static const char success[] = "HTTP/1.1 200";
  char text[4096];
  size_t size = 0;
  if (!ids || !is_watched_socket(fd)) return;
  for (size_t i = 0; i < count; ++i) {
    const size_t room = sizeof text - size;
    const size_t part = parts[i].iov_len < room ? parts[i].iov_len : room;
    memcpy(text + size, parts[i].iov_base, part);
    size += part;
  }
  if (size < sizeof success || memcmp(text, success, sizeof success - 1) != 0) return;
  note_ids("told", text, size);
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  telling(fd, message->msg_iov, message->msg_iovlen);
  return syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  const struct iovec whole = {(void*)bytes, size};
  telling(fd, &whole, 1);
  return syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
}
