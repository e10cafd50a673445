// SPDX-License-Identifier: Apache-2.0
// The model: chips, their lines, what has been requested of them and which edges wait to be read.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gpiofake.h"

enum { V1_BUFFER = 16, MAX_BUFFER = 256 };

bool fake_is_active;
pthread_mutex_t gpiofake_mutex = PTHREAD_MUTEX_INITIALIZER;
struct chip gpiofake_chips[MAX_CHIPS];
int gpiofake_chip_count;
struct file gpiofake_files[MAX_FDS];

uint64_t gpiofake_now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int fail(int error) {
  errno = error;
  return -1;
}

// Lines and their edges ---------------------------------------------------------------------------

uint64_t gpiofake_flags_of(const struct line* l) {
  return l->owner ? l->owner->flags[l->index] : 0;
}

uint32_t gpiofake_debounce_of(const struct line* l) {
  return l->owner ? l->owner->debounce_us[l->index] : 0;
}

int gpiofake_physical(const struct line* l) {
  if (l->driven) return l->drive;
  return (gpiofake_flags_of(l) & GPIO_V2_LINE_FLAG_BIAS_PULL_UP) != 0;
}

static int logical(const struct line* l, int level) {
  return level ^ ((gpiofake_flags_of(l) & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0);
}

unsigned gpiofake_queued(const struct request* r, size_t size) {
  int bytes = 0;
  if (ioctl(r->fd, FIONREAD, &bytes) < 0) return 0;
  return (unsigned)((size_t)bytes / size);
}

static void push_v1(struct request* r, uint64_t at, int rising) {
  struct gpioevent_data e = {.timestamp = at};
  e.id = rising ? GPIOEVENT_EVENT_RISING_EDGE : GPIOEVENT_EVENT_FALLING_EDGE;
  if (gpiofake_queued(r, sizeof e) < r->buffer) send(r->peer, &e, sizeof e, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void push_v2(struct request* r, const struct line* l, uint64_t at, int rising) {
  struct gpio_v2_line_event e = {.timestamp_ns = at, .offset = r->offsets[l->index]};
  e.id = rising ? GPIO_V2_LINE_EVENT_RISING_EDGE : GPIO_V2_LINE_EVENT_FALLING_EDGE;
  e.seqno = ++r->seqno;
  e.line_seqno = ++r->line_seqno[l->index];
  struct gpio_v2_line_event oldest;
  while (gpiofake_queued(r, sizeof e) >= r->buffer && recv(r->fd, &oldest, sizeof oldest, MSG_DONTWAIT) > 0) {
  }
  send(r->peer, &e, sizeof e, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void gpiofake_emit(struct line* l, int level, uint64_t at) {
  struct request* r = l->owner;
  if (!r || !r->has_events || r->gone) return;
  const int rising = logical(l, level);
  const uint64_t wanted = rising ? GPIO_V2_LINE_FLAG_EDGE_RISING : GPIO_V2_LINE_FLAG_EDGE_FALLING;
  if (!(gpiofake_flags_of(l) & wanted)) return;
  if (r->abi == 1) {
    push_v1(r, at, rising);
  } else {
    push_v2(r, l, at, rising);
  }
}

uint64_t gpiofake_settles_at(const struct line* l) {
  return l->changed + (uint64_t)gpiofake_debounce_of(l) * 1000u;
}

void gpiofake_settle(struct line* l, uint64_t now) {
  if (!l->settling || now < gpiofake_settles_at(l)) return;
  l->settling = false;
  if (l->raw == l->settled) return;
  l->settled = l->raw;
  gpiofake_emit(l, l->settled, gpiofake_settles_at(l));
}

void gpiofake_change(struct line* l, uint64_t at) {
  gpiofake_settle(l, at);
  const int level = gpiofake_physical(l);
  if (level == l->raw) return;
  l->raw = level;
  if (gpiofake_debounce_of(l) == 0) {
    l->settled = level;
    gpiofake_emit(l, level, at);
  } else {
    l->settling = true;
    l->changed = at;
  }
}

void gpiofake_note(struct line* l, uint64_t at) {
  l->trace[l->traced++ % MAX_CHANGES] = (struct change){gpiofake_physical(l), at};
}

static int level_of(const struct line* l) {
  return gpiofake_debounce_of(l) ? l->settled : gpiofake_physical(l);
}

static void arm(struct line* l, struct request* r, unsigned index) {
  l->owner = r;
  l->index = index;
  l->settling = false;
  l->raw = l->settled = gpiofake_physical(l);
}

// Requests ----------------------------------------------------------------------------------------

static struct request* new_request(int chip, int abi, uint32_t buffer) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return NULL;
  if (ends[0] >= MAX_FDS) {
    close(ends[0]);
    close(ends[1]);
    errno = EMFILE;
    return NULL;
  }
  // An unread byte makes closing our end show as POLLERR too, as the kernel shows a chip that went.
  send(ends[0], "", 1, MSG_NOSIGNAL);
  struct request* r = calloc(1, sizeof *r);
  r->fd = ends[0];
  r->peer = ends[1];
  r->abi = abi;
  r->chip = chip;
  r->buffer = buffer > MAX_BUFFER ? MAX_BUFFER : buffer;
  return r;
}

static int check_lines(const struct chip* c, const unsigned* offsets, unsigned count) {
  if (count == 0 || count > GPIO_V2_LINES_MAX) return fail(EINVAL);
  for (unsigned i = 0; i < count; ++i) {
    if (offsets[i] >= c->lines) return fail(EINVAL);
    const struct line* l = &c->line[offsets[i]];
    if (l->busy || l->owner) return fail(EBUSY);
  }
  return 0;
}

static int check_flags(uint64_t flags) {
  const uint64_t bias = flags & (GPIO_V2_LINE_FLAG_BIAS_PULL_UP | GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN |
                                 GPIO_V2_LINE_FLAG_BIAS_DISABLED);
  if (bias & (bias - 1)) return fail(EINVAL);
  const uint64_t edges = flags & (GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING);
  if ((flags & GPIO_V2_LINE_FLAG_INPUT) && (flags & GPIO_V2_LINE_FLAG_OUTPUT)) return fail(EINVAL);
  if (edges && !(flags & GPIO_V2_LINE_FLAG_INPUT)) return fail(EINVAL);
  return 0;
}

static void put(struct line* l, int level) {
  l->driven = true;
  l->drive = level ^ ((gpiofake_flags_of(l) & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0);
  gpiofake_note(l, gpiofake_now_ns());
}

// Registers a filled request; `values` are the first logical levels of outputs.
static int publish(struct request* r, uint64_t values) {
  struct chip* c = &gpiofake_chips[r->chip];
  for (unsigned i = 0; i < r->count; ++i) {
    struct line* l = &c->line[r->offsets[i]];
    arm(l, r, i);
    if (r->flags[i] & GPIO_V2_LINE_FLAG_OUTPUT) put(l, (int)(values >> i & 1));
    gpiofake_requested(l);
  }
  gpiofake_files[r->fd] = (struct file){2, r->chip, c->generation, r};
  return r->fd;
}

static int request_v2(int chip, struct gpio_v2_line_request* q) {
  if (check_lines(&gpiofake_chips[chip], q->offsets, q->num_lines) < 0) return -1;
  struct request* r = new_request(chip, 2, q->event_buffer_size ? q->event_buffer_size : 16 * q->num_lines);
  if (!r) return -1;
  uint64_t values = 0;
  r->count = q->num_lines;
  for (unsigned i = 0; i < r->count; ++i) {
    r->offsets[i] = q->offsets[i];
    r->flags[i] = q->config.flags;
    for (unsigned a = 0; a < q->config.num_attrs && a < GPIO_V2_LINE_NUM_ATTRS_MAX; ++a) {
      const struct gpio_v2_line_config_attribute* attr = &q->config.attrs[a];
      if (!(attr->mask >> i & 1)) continue;
      if (attr->attr.id == GPIO_V2_LINE_ATTR_ID_FLAGS) r->flags[i] = attr->attr.flags;
      if (attr->attr.id == GPIO_V2_LINE_ATTR_ID_DEBOUNCE) r->debounce_us[i] = attr->attr.debounce_period_us;
      if (attr->attr.id == GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES) values |= attr->attr.values & (uint64_t)1 << i;
    }
    if (check_flags(r->flags[i]) < 0) {
      close(r->peer);
      close(r->fd);
      free(r);
      return fail(EINVAL);
    }
  }
  r->has_events = true;
  memcpy(r->consumer, q->consumer, sizeof r->consumer - 1);
  q->fd = publish(r, values);
  return 0;
}

static uint64_t flags_of_v1(uint32_t handle) {
  uint64_t flags = 0;
  if (handle & GPIOHANDLE_REQUEST_INPUT) flags |= GPIO_V2_LINE_FLAG_INPUT;
  if (handle & GPIOHANDLE_REQUEST_OUTPUT) flags |= GPIO_V2_LINE_FLAG_OUTPUT;
  if (handle & GPIOHANDLE_REQUEST_ACTIVE_LOW) flags |= GPIO_V2_LINE_FLAG_ACTIVE_LOW;
  if (handle & GPIOHANDLE_REQUEST_BIAS_PULL_UP) flags |= GPIO_V2_LINE_FLAG_BIAS_PULL_UP;
  if (handle & GPIOHANDLE_REQUEST_BIAS_PULL_DOWN) flags |= GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN;
  if (handle & GPIOHANDLE_REQUEST_BIAS_DISABLE) flags |= GPIO_V2_LINE_FLAG_BIAS_DISABLED;
  return flags;
}

static int request_v1_event(int chip, struct gpioevent_request* q) {
  if (q->handleflags & GPIOHANDLE_REQUEST_OUTPUT) return fail(EINVAL);
  uint64_t flags = flags_of_v1(q->handleflags) | GPIO_V2_LINE_FLAG_INPUT;
  if (q->eventflags & GPIOEVENT_REQUEST_RISING_EDGE) flags |= GPIO_V2_LINE_FLAG_EDGE_RISING;
  if (q->eventflags & GPIOEVENT_REQUEST_FALLING_EDGE) flags |= GPIO_V2_LINE_FLAG_EDGE_FALLING;
  if (check_lines(&gpiofake_chips[chip], &q->lineoffset, 1) < 0 || check_flags(flags) < 0) return -1;
  struct request* r = new_request(chip, 1, V1_BUFFER);
  if (!r) return -1;
  r->count = 1;
  r->offsets[0] = q->lineoffset;
  r->flags[0] = flags;
  r->has_events = true;
  memcpy(r->consumer, q->consumer_label, sizeof r->consumer - 1);
  q->fd = publish(r, 0);
  return 0;
}

static int request_v1_handle(int chip, struct gpiohandle_request* q) {
  const uint64_t flags = flags_of_v1(q->flags);
  if (check_lines(&gpiofake_chips[chip], q->lineoffsets, q->lines) < 0 || check_flags(flags) < 0) return -1;
  struct request* r = new_request(chip, 1, V1_BUFFER);
  if (!r) return -1;
  uint64_t values = 0;
  r->count = q->lines;
  for (unsigned i = 0; i < r->count; ++i) {
    r->offsets[i] = q->lineoffsets[i];
    r->flags[i] = flags;
    if (q->default_values[i]) values |= (uint64_t)1 << i;
  }
  memcpy(r->consumer, q->consumer_label, sizeof r->consumer - 1);
  q->fd = publish(r, values);
  return 0;
}

void gpiofake_orphan(struct request* r, bool told) {
  for (unsigned i = 0; i < r->count; ++i) {
    struct line* l = &gpiofake_chips[r->chip].line[r->offsets[i]];
    if (l->owner != r) continue;
    l->owner = NULL;
    l->settling = false;
  }
  if (!told) return;
  if (r->peer >= 0) close(r->peer);
  r->peer = -1;
}

// Questions about chips and lines -----------------------------------------------------------------

static int chip_info(const struct chip* c, struct gpiochip_info* info) {
  memset(info, 0, sizeof *info);
  snprintf(info->name, sizeof info->name, "gpiochip%d", c->number);
  memcpy(info->label, c->label, sizeof info->label - 1);
  info->lines = c->lines;
  return 0;
}

const char* gpiofake_consumer_of(const struct line* l) {
  if (l->owner) return l->owner->consumer;
  return l->busy ? "other" : "";
}

static int line_info_v2(const struct chip* c, struct gpio_v2_line_info* info) {
  const unsigned offset = info->offset;
  if (offset >= c->lines) return fail(EINVAL);
  const struct line* l = &c->line[offset];
  memset(info, 0, sizeof *info);
  info->offset = offset;
  memcpy(info->name, l->name, sizeof info->name - 1);
  snprintf(info->consumer, sizeof info->consumer, "%s", gpiofake_consumer_of(l));
  info->flags = gpiofake_flags_of(l) | (l->owner ? 0 : GPIO_V2_LINE_FLAG_INPUT);
  if (l->owner || l->busy) info->flags |= GPIO_V2_LINE_FLAG_USED;
  if (gpiofake_debounce_of(l) == 0) return 0;
  info->num_attrs = 1;
  info->attrs[0].id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE;
  info->attrs[0].debounce_period_us = gpiofake_debounce_of(l);
  return 0;
}

static int line_info_v1(const struct chip* c, struct gpioline_info* info) {
  const unsigned offset = info->line_offset;
  if (offset >= c->lines) return fail(EINVAL);
  const struct line* l = &c->line[offset];
  const uint64_t flags = gpiofake_flags_of(l);
  memset(info, 0, sizeof *info);
  info->line_offset = offset;
  memcpy(info->name, l->name, sizeof info->name - 1);
  snprintf(info->consumer, sizeof info->consumer, "%s", gpiofake_consumer_of(l));
  if (l->owner || l->busy) info->flags |= GPIOLINE_FLAG_KERNEL;
  if (flags & GPIO_V2_LINE_FLAG_OUTPUT) info->flags |= GPIOLINE_FLAG_IS_OUT;
  if (flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW) info->flags |= GPIOLINE_FLAG_ACTIVE_LOW;
  if (flags & GPIO_V2_LINE_FLAG_BIAS_PULL_UP) info->flags |= GPIOLINE_FLAG_BIAS_PULL_UP;
  if (flags & GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN) info->flags |= GPIOLINE_FLAG_BIAS_PULL_DOWN;
  if (flags & GPIO_V2_LINE_FLAG_BIAS_DISABLED) info->flags |= GPIOLINE_FLAG_BIAS_DISABLE;
  return 0;
}

static int chip_ioctl(int chip, unsigned long what, void* argument) {
  switch (what) {
    case GPIO_GET_CHIPINFO_IOCTL:
      return chip_info(&gpiofake_chips[chip], argument);
    case GPIO_GET_LINEINFO_IOCTL:
      return line_info_v1(&gpiofake_chips[chip], argument);
    case GPIO_GET_LINEHANDLE_IOCTL:
      return request_v1_handle(chip, argument);
    case GPIO_GET_LINEEVENT_IOCTL:
      return request_v1_event(chip, argument);
    case GPIO_V2_GET_LINEINFO_IOCTL:
      return line_info_v2(&gpiofake_chips[chip], argument);
    case GPIO_V2_GET_LINE_IOCTL:
      return request_v2(chip, argument);
    default:
      return fail(EINVAL);
  }
}

static int get_values_v1(struct request* r, struct gpiohandle_data* data) {
  memset(data, 0, sizeof *data);
  for (unsigned i = 0; i < r->count; ++i) {
    const struct line* l = &gpiofake_chips[r->chip].line[r->offsets[i]];
    data->values[i] = (uint8_t)logical(l, level_of(l));
  }
  return 0;
}

static int get_values_v2(struct request* r, struct gpio_v2_line_values* values) {
  values->bits = 0;
  for (unsigned i = 0; i < r->count; ++i) {
    const struct line* l = &gpiofake_chips[r->chip].line[r->offsets[i]];
    if (values->mask >> i & 1) values->bits |= (uint64_t)logical(l, level_of(l)) << i;
  }
  return 0;
}

static int set_values(struct request* r, uint64_t mask, uint64_t bits) {
  for (unsigned i = 0; i < r->count; ++i) {
    if (!(mask >> i & 1)) continue;
    if (!(r->flags[i] & GPIO_V2_LINE_FLAG_OUTPUT)) return fail(EPERM);
    put(&gpiofake_chips[r->chip].line[r->offsets[i]], (int)(bits >> i & 1));
  }
  return 0;
}

static int set_values_v1(struct request* r, const struct gpiohandle_data* data) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < r->count; ++i) bits |= (uint64_t)(data->values[i] != 0) << i;
  return set_values(r, ~(uint64_t)0, bits);
}

static int line_ioctl(struct request* r, unsigned long what, void* argument) {
  const struct gpio_v2_line_values* values = argument;
  if (r->abi == 1 && what == GPIOHANDLE_GET_LINE_VALUES_IOCTL) return get_values_v1(r, argument);
  if (r->abi == 1 && what == GPIOHANDLE_SET_LINE_VALUES_IOCTL) return set_values_v1(r, argument);
  if (r->abi == 2 && what == GPIO_V2_LINE_GET_VALUES_IOCTL) return get_values_v2(r, argument);
  if (r->abi == 2 && what == GPIO_V2_LINE_SET_VALUES_IOCTL) return set_values(r, values->mask, values->bits);
  return fail(EINVAL);
}

// What the calls ask --------------------------------------------------------------------------------

int gpiofake_chip_numbered(int number) {
  for (int i = 0; i < gpiofake_chip_count; ++i) {
    if (gpiofake_chips[i].number == number) return i;
  }
  return -1;
}

int gpiofake_chip_number_in(const char* name) {
  char* end = NULL;
  if (strncmp(name, "gpiochip", 8) != 0 || name[8] < '0' || name[8] > '9') return -1;
  const long number = strtol(name + 8, &end, 10);
  return *end == '\0' ? (int)number : -1;
}

bool fake_is_chip_path(const char* path) {
  return fake_is_active && strncmp(path, "/dev/", 5) == 0 && gpiofake_chip_number_in(path + 5) >= 0;
}

int fake_chip_at(const char* path) {
  if (!fake_is_chip_path(path)) return -1;
  pthread_mutex_lock(&gpiofake_mutex);
  const int chip = gpiofake_chip_numbered(gpiofake_chip_number_in(path + 5));
  const bool present = chip >= 0 && gpiofake_chips[chip].present;
  pthread_mutex_unlock(&gpiofake_mutex);
  return present ? gpiofake_chips[chip].number : -1;
}

int fake_chip_number(int i) {
  int number = -1;
  pthread_mutex_lock(&gpiofake_mutex);
  for (int c = 0; c < gpiofake_chip_count; ++c) {
    if (gpiofake_chips[c].present && i-- == 0) number = gpiofake_chips[c].number;
  }
  pthread_mutex_unlock(&gpiofake_mutex);
  return number;
}

int fake_open_chip(int number) {
  int fd = -1;
  pthread_mutex_lock(&gpiofake_mutex);
  const int chip = gpiofake_chip_numbered(number);
  if (chip >= 0) ++gpiofake_chips[chip].opens;
  if (chip < 0 || !gpiofake_chips[chip].present) {
    errno = ENOENT;
  } else if (gpiofake_chips[chip].denied) {
    errno = EACCES;
  } else {
    fd = memfd_create("gpiochip", MFD_CLOEXEC);
  }
  if (fd >= MAX_FDS) {
    close(fd);
    fd = fail(EMFILE);
  }
  if (fd >= 0) gpiofake_files[fd] = (struct file){1, chip, gpiofake_chips[chip].generation, NULL};
  pthread_mutex_unlock(&gpiofake_mutex);
  return fd;
}

int fake_kind(int fd) {
  return fd >= 0 && fd < MAX_FDS ? __atomic_load_n(&gpiofake_files[fd].kind, __ATOMIC_RELAXED) : 0;
}

int fake_ioctl(int fd, unsigned long what, void* argument) {
  pthread_mutex_lock(&gpiofake_mutex);
  const struct file* f = &gpiofake_files[fd];
  int result;
  if (!gpiofake_chips[f->chip].present || gpiofake_chips[f->chip].generation != f->generation) {
    result = fail(ENODEV);
  } else {
    result = f->kind == 1 ? chip_ioctl(f->chip, what, argument) : line_ioctl(f->request, what, argument);
  }
  pthread_mutex_unlock(&gpiofake_mutex);
  return result;
}

long fake_read_size(int fd, size_t size) {
  pthread_mutex_lock(&gpiofake_mutex);
  const struct request* r = gpiofake_files[fd].request;
  const size_t record = r->abi == 1 ? sizeof(struct gpioevent_data) : sizeof(struct gpio_v2_line_event);
  long result = (long)(size / record * record);
  if (r->gone) result = fail(ENODEV);
  if (size < record) result = fail(EINVAL);
  pthread_mutex_unlock(&gpiofake_mutex);
  return result;
}

void fake_close(int fd) {
  pthread_mutex_lock(&gpiofake_mutex);
  struct file* f = &gpiofake_files[fd];
  if (f->request) {
    gpiofake_orphan(f->request, true);
    free(f->request);
  }
  *f = (struct file){0};
  pthread_mutex_unlock(&gpiofake_mutex);
}
