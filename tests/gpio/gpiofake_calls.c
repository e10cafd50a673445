// SPDX-License-Identifier: Apache-2.0
// The C library's calls as far as a program needs them to find, open and use a GPIO chip. Everything
// that is not a fake chip goes to the real call.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "gpiofake.h"

#define REAL(name, type, ...)       \
  static type (*real)(__VA_ARGS__); \
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, name)

enum { NOT_OURS = -2, MAX_FOLDERS = 16 };
static const char sysfs_devices[] = "/sys/bus/gpio/devices/";

// The number in /sys/bus/gpio/devices/gpiochipN/dev, where libgpiod 1 looks; -1: another path.
static int sysfs_chip(const char* path) {
  char device[64];
  if (!fake_is_active || strncmp(path, sysfs_devices, sizeof sysfs_devices - 1) != 0) return -1;
  snprintf(device, sizeof device, "/dev/%s", path + sizeof sysfs_devices - 1);
  char* slash = strrchr(device, '/');
  if (strcmp(slash, "/dev") != 0) return -1;
  *slash = '\0';
  return fake_chip_at(device);
}

static int open_sysfs(int number) {
  const int fd = memfd_create("dev", MFD_CLOEXEC);
  char text[32];
  const int size = snprintf(text, sizeof text, "%d:%d\n", DEVICE_MAJOR, number);
  if (fd >= 0 && (write(fd, text, (size_t)size) != size || lseek(fd, 0, SEEK_SET) != 0)) return -1;
  return fd;
}

static int open_ours(const char* path) {
  const int sysfs = sysfs_chip(path);
  if (sysfs >= 0) return open_sysfs(sysfs);
  if (!fake_is_chip_path(path)) return NOT_OURS;
  return fake_open_chip(atoi(path + strlen("/dev/gpiochip")));
}

static mode_t mode_of(int flags, va_list list) {
  return flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0;
}

#define OPEN(name)                              \
  int name(const char* path, int flags, ...) {  \
    const int ours = open_ours(path);           \
    if (ours != NOT_OURS) return ours;          \
    va_list list;                               \
    va_start(list, flags);                      \
    const mode_t mode = mode_of(flags, list);   \
    va_end(list);                               \
    REAL(#name, int, const char*, int, mode_t); \
    return real(path, flags, mode);             \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                       \
  int name(int folder, const char* path, int flags, ...) { \
    const int ours = open_ours(path);                      \
    if (ours != NOT_OURS) return ours;                     \
    va_list list;                                          \
    va_start(list, flags);                                 \
    const mode_t mode = mode_of(flags, list);              \
    va_end(list);                                          \
    REAL(#name, int, int, const char*, int, mode_t);       \
    return real(folder, path, flags, mode);                \
  }
OPENAT(openat)
OPENAT(openat64)

// What the fortified open() becomes.
#define OPEN_2(name)                      \
  int name(const char* path, int flags);  \
  int name(const char* path, int flags) { \
    const int ours = open_ours(path);     \
    if (ours != NOT_OURS) return ours;    \
    REAL(#name, int, const char*, int);   \
    return real(path, flags);             \
  }
OPEN_2(__open_2)
OPEN_2(__open64_2)

int close(int fd) {
  if (fake_kind(fd) != 0) fake_close(fd);
  REAL("close", int, int);
  return real(fd);
}

ssize_t read(int fd, void* buffer, size_t size) {
  if (fake_kind(fd) == 2) {
    const long limit = fake_read_size(fd, size);
    if (limit < 0) return -1;
    size = (size_t)limit;
  }
  REAL("read", ssize_t, int, void*, size_t);
  return real(fd, buffer, size);
}

ssize_t __read_chk(int fd, void* buffer, size_t size, size_t room);
ssize_t __read_chk(int fd, void* buffer, size_t size, size_t room) {
  if (size > room) abort();
  return read(fd, buffer, size);
}

int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  // 0xB4 is the GPIO device's letter; the fake's own FIONREAD must reach the socket.
  if ((request >> 8 & 0xff) == 0xB4 && fake_kind(fd) != 0) return fake_ioctl(fd, request, argument);
  REAL("ioctl", int, int, unsigned long, void*);
  return real(fd, request, argument);
}

int access(const char* path, int mode) {
  if (sysfs_chip(path) >= 0) return 0;
  REAL("access", int, const char*, int);
  return real(path, mode);
}

// 1: filled in; -1: a chip that is not there; 0: not ours.
static int stat_ours(const char* path, mode_t* mode, dev_t* device) {
  if (!fake_is_chip_path(path)) return 0;
  const int number = fake_chip_at(path);
  if (number < 0) {
    errno = ENOENT;
    return -1;
  }
  *mode = S_IFCHR | 0660;
  *device = makedev(DEVICE_MAJOR, (unsigned)number);
  return 1;
}

#define STAT(name, type)                                           \
  int name(const char* restrict path, struct type* restrict out) { \
    mode_t mode = 0;                                               \
    dev_t device = 0;                                              \
    const int ours = stat_ours(path, &mode, &device);              \
    if (ours == 0) {                                               \
      REAL(#name, int, const char*, struct type*);                 \
      return real(path, out);                                      \
    }                                                              \
    memset(out, 0, sizeof *out);                                   \
    out->st_mode = mode;                                           \
    out->st_rdev = device;                                         \
    return ours == 1 ? 0 : -1;                                     \
  }
STAT(stat, stat)
STAT(lstat, stat)
STAT(stat64, stat64)
STAT(lstat64, stat64)

// libgpiod 2 follows /sys/dev/char/MAJOR:MINOR/subsystem.
char* realpath(const char* restrict path, char* restrict out) {
  char ours[64];
  snprintf(ours, sizeof ours, "/sys/dev/char/%d:", DEVICE_MAJOR);
  const char* answer = NULL;
  if (fake_is_active && strncmp(path, ours, strlen(ours)) == 0) answer = "/sys/bus/gpio";
  if (fake_chip_at(path) >= 0) answer = path;
  if (answer) return out ? strcpy(out, answer) : strdup(answer);
  REAL("realpath", char*, const char*, char*);
  return real(path, out);
}

char* __realpath_chk(const char* path, char* out, size_t room);
char* __realpath_chk(const char* path, char* out, size_t room) {
  (void)room;
  return realpath(path, out);
}

// Listings of /dev: the machine's chips are left out, ours come at the end ---------------------------

struct folder {
  DIR* dir;
  int next;
  struct dirent64 entry;
};
static struct folder folders[MAX_FOLDERS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static struct folder* folder_of(DIR* dir) {
  struct folder* found = NULL;
  pthread_mutex_lock(&mutex);
  for (int i = 0; i < MAX_FOLDERS && !found; ++i) {
    if (folders[i].dir == dir) found = &folders[i];
  }
  pthread_mutex_unlock(&mutex);
  return found;
}

DIR* opendir(const char* path) {
  REAL("opendir", DIR*, const char*);
  DIR* dir = real(path);
  if (!dir || !fake_is_active || (strcmp(path, "/dev") != 0 && strcmp(path, "/dev/") != 0)) return dir;
  pthread_mutex_lock(&mutex);
  for (int i = 0; i < MAX_FOLDERS; ++i) {
    if (folders[i].dir) continue;
    folders[i] = (struct folder){.dir = dir};
    break;
  }
  pthread_mutex_unlock(&mutex);
  return dir;
}

struct dirent64* readdir64(DIR* dir) {
  REAL("readdir64", struct dirent64*, DIR*);
  struct folder* f = fake_is_active ? folder_of(dir) : NULL;
  struct dirent64* entry = real(dir);
  while (f && entry && strncmp(entry->d_name, "gpiochip", 8) == 0) entry = real(dir);
  if (!f || entry) return entry;
  const int number = fake_chip_number(f->next);
  if (number < 0) return NULL;
  ++f->next;
  f->entry.d_type = DT_CHR;
  f->entry.d_ino = 1;
  f->entry.d_reclen = sizeof f->entry;
  snprintf(f->entry.d_name, sizeof f->entry.d_name, "gpiochip%d", number);
  return &f->entry;
}

// Both are one structure where this library is built: 64-bit Linux.
_Static_assert(sizeof(struct dirent) == sizeof(struct dirent64), "needs a 64-bit system");
struct dirent* readdir(DIR* dir) {
  return (struct dirent*)readdir64(dir);
}

int closedir(DIR* dir) {
  struct folder* f = fake_is_active ? folder_of(dir) : NULL;
  if (f) f->dir = NULL;
  REAL("closedir", int, DIR*);
  return real(dir);
}

// The C library's scandir() calls its own readdir(), so it has to be done over.
int scandir(const char* restrict path, struct dirent*** restrict list, int (*filter)(const struct dirent*),
            int (*compare)(const struct dirent**, const struct dirent**)) {
  DIR* dir = opendir(path);
  if (!dir) return -1;
  struct dirent** entries = NULL;
  size_t count = 0;
  for (const struct dirent* entry; (entry = readdir(dir));) {
    if (filter && !filter(entry)) continue;
    entries = realloc(entries, (count + 1) * sizeof *entries);
    entries[count] = malloc(sizeof **entries);
    memcpy(entries[count], entry, offsetof(struct dirent, d_name));
    strcpy(entries[count++]->d_name, entry->d_name);
  }
  closedir(dir);
  if (compare && count > 0)
    qsort(entries, count, sizeof *entries, (int (*)(const void*, const void*))compare);
  *list = entries;
  return (int)count;
}
