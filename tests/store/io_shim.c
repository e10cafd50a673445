/* SPDX-License-Identifier: Apache-2.0
 * Stands between a program and the C library's file calls (LD_PRELOAD).
 *   IO_SHIM_LOG=FILE    one line for each write, sync and acknowledgement that returned:
 *                       `write PATH`, `sync PATH`, `ack`, and for each that was failed: `fault PATH`.
 *                       An acknowledgement is a write to descriptor 1.
 *   IO_SHIM_FAIL=N      the N-th write or sync on a file under IO_SHIM_DIR fails, and every later one
 *                       too when IO_SHIM_STICKY is set.
 *   IO_SHIM_ERRNO=E     with this errno (default EIO).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long countdown = -1;
static int sticky;
static int fail_errno = EIO;
static const char* dir;
static int log_fd = -1;

__attribute__((constructor)) static void start(void) {
  const char* text = getenv("IO_SHIM_FAIL");
  if (text != NULL) countdown = atol(text);
  sticky = getenv("IO_SHIM_STICKY") != NULL;
  text = getenv("IO_SHIM_ERRNO");
  if (text != NULL) fail_errno = atoi(text);
  dir = getenv("IO_SHIM_DIR");
  text = getenv("IO_SHIM_LOG");
  if (text != NULL) log_fd = open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Our own lines go by the bare system call: they are not what is watched. */
static void note(const char* what, const char* path) {
  char line[PATH_MAX + 16];
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

static int is_watched(const char* path) { return dir != NULL && strncmp(path, dir, strlen(dir)) == 0; }

/* True when this call is the one to fail. */
static int fails(const char* path) {
  if (!is_watched(path) || countdown < 0) return 0;
  if (countdown > 1) {
    --countdown;
    return 0;
  }
  if (countdown == 0 && !sticky) return 0;
  countdown = 0;
  note("fault", path);
  errno = fail_errno;
  return 1;
}

static void wrote(int fd, const char* path) {
  if (fd == STDOUT_FILENO)
    note("ack", "");
  else if (is_watched(path))
    note("write", path);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  char path[PATH_MAX];
  if (fails(path_of(fd, path))) return -1;
  ssize_t done = syscall(SYS_write, fd, bytes, size);
  if (done >= 0) wrote(fd, path);
  return done;
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  char path[PATH_MAX];
  if (fails(path_of(fd, path))) return -1;
  ssize_t done = syscall(SYS_pwrite64, fd, bytes, size, at);
  if (done >= 0) wrote(fd, path);
  return done;
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) { return pwrite64(fd, bytes, size, at); }

static int synced(long call, int fd) {
  char path[PATH_MAX];
  if (fails(path_of(fd, path))) return -1;
  int done = (int)syscall(call, fd);
  if (done == 0 && is_watched(path)) note("sync", path);
  return done;
}

int fsync(int fd) { return synced(SYS_fsync, fd); }
int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }

int ftruncate64(int fd, off64_t size) {
  char path[PATH_MAX];
  if (fails(path_of(fd, path))) return -1;
  return (int)syscall(SYS_ftruncate, fd, size);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
