// SPDX-License-Identifier: Apache-2.0
// GPIO chips for a machine that has none: an LD_PRELOAD library that answers the kernel's GPIO
// character device, interface 1 and 2, to an unmodified program and an unmodified libgpiod 1 or 2.
//
//   LD_PRELOAD=…/libgpiofake.so GPIOFAKE=/run/x/gpio.sock porchlight run
//
// Environment (without GPIOFAKE nothing is faked)
//   GPIOFAKE          path of the control socket; `%p` becomes the process id, a leading `@` makes it
//                     abstract. A socket that nobody answers is replaced; if another process answers it
//                     (a parent under the same environment) this process has no fake.
//   GPIOFAKE_PROGRAM  fake only in a program of this name (as in /proc/self/comm).
//   GPIOFAKE_CHIPS    name:label:lines:line-name-prefix[:absent],… ; by default one chip,
//                     gpiochip0:pinctrl-bcm2711:58:GPIO. The first is meant where a command names none.
//   GPIOFAKE_BEGIN    commands, separated by `;`, that are done before the program's main(): for a
//                     program that ends before anybody could send it one.
//
// Control: datagrams of text, one command a line. All commands of a datagram happen at one instant, as
// the program sees them. When they are done one datagram goes back to the sender's address, if it has
// one: `ok`, the answers of the queries, or `error` and the command; nothing is done after an error.
//   LINE=0 | LINE=1   somebody drives the line: its physical level. Append ` @NS` for the time on
//                     CLOCK_MONOTONIC at which it happened; else now
//   edge LINE=0       an edge without a change of level, as a slow interrupt makes it of two. ` @NS` too
//   silent LINE=1     a change of level whose edge nobody saw
//   float LINE        nobody drives the line (so it begins): pull-up reads 1, all else 0
//   lose LINE N       N edges that the kernel had no room for: only the sequence numbers show it
//   busy LINE         another program requests the line (if it is free); `free LINE` gives it back
//   gone CHIP         the chip is unplugged: ENODEV, POLLHUP | POLLERR; `back CHIP` plugs it in again
//   mute CHIP         as gone, but as kernels before 6.6 have it: whoever waits is not told
//   deny CHIP         it may not be opened (EACCES), until `allow CHIP`
//   reset             everything as at the start; what the program holds is gone. Alone in its line
//   await LINE        answer only once the line is requested by the program. The last command only
//   info LINE         a line: level=1 used=1 abi=2 bias=pull-up active_low=1 debounce_us=30000 edges=both
//                     queued=0 consumer=porchlight
//   trace LINE        a line: LEVEL@NS of each time the line was driven, by the program or by a command, the
//                     oldest first, since the last time this was asked (the newest 64); `none`
//   opens CHIP        a line: how often the chip was opened, or tried to while it was gone
// LINE is [CHIP/]number (of the first chip, without CHIP) or [CHIP/]name, CHIP is gpiochipN.
//
// Kernel debounce filters in the time of the edges, so a burst with given times has to come in one
// datagram. The event buffer is bounded as the kernel's: interface 1 keeps 16 and drops the newest,
// interface 2 keeps what was asked for (16 a line by default, 256 here at most) and drops the oldest.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gpiofake.h"

enum { MAX_WAITERS = 16, MAX_DATAGRAM = 65536 };

struct waiter {
  struct line* line;
  struct sockaddr_un address;
  socklen_t size;
};

static struct waiter waiters[MAX_WAITERS];
static int waiter_count;
static int control = -1;

static void answer(const char* text, const struct sockaddr_un* to, socklen_t size) {
  sendto(control, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr*)to, size);
}

void gpiofake_requested(const struct line* l) {
  for (int i = 0; i < waiter_count; ++i) {
    if (waiters[i].line != l) continue;
    answer("ok\n", &waiters[i].address, waiters[i].size);
    waiters[i--] = waiters[--waiter_count];
  }
}

struct reply {
  char text[4096];
  size_t used;
  struct line* awaited;
};

static struct chip* find_chip(const char* name) {
  const int chip = gpiofake_chip_numbered(gpiofake_chip_number_in(name));
  return chip < 0 ? NULL : &gpiofake_chips[chip];
}

static struct line* line_named(struct chip* c, const char* name) {
  for (unsigned i = 0; i < c->lines; ++i) {
    if (strcmp(c->line[i].name, name) == 0) return &c->line[i];
  }
  return NULL;
}

static struct line* find_line(char* word) {
  char* slash = strchr(word, '/');
  struct chip* c = &gpiofake_chips[0];
  struct line* named = NULL;
  if (slash) {
    *slash = '\0';
    c = find_chip(word);
    word = slash + 1;
    if (!c || *word == '\0') return NULL;
    named = line_named(c, word);
  }
  for (int i = 0; i < gpiofake_chip_count && !slash && !named; ++i)
    named = line_named(&gpiofake_chips[i], word);
  if (named) return named;
  char* end = NULL;
  const unsigned long offset = strtoul(word, &end, 10);
  return *end == '\0' && offset < c->lines ? &c->line[offset] : NULL;
}

static void unplug(struct chip* c, bool told) {
  c->present = false;
  ++c->generation;
  for (int fd = 0; fd < MAX_FDS; ++fd) {
    struct request* r = gpiofake_files[fd].request;
    if (!r || r->gone || &gpiofake_chips[r->chip] != c) continue;
    r->gone = true;
    gpiofake_orphan(r, told);
  }
}

static void reset(void) {
  for (int i = 0; i < gpiofake_chip_count; ++i) {
    struct chip* c = &gpiofake_chips[i];
    unplug(c, true);
    c->present = !c->absent_at_start;
    c->denied = false;
    c->opens = 0;
    for (unsigned k = 0; k < c->lines; ++k) {
      c->line[k].driven = c->line[k].busy = false;
      c->line[k].traced = 0;
    }
  }
}

static void lose(struct line* l, unsigned count) {
  if (!l->owner) return;
  l->owner->seqno += count;
  l->owner->line_seqno[l->index] += count;
}

static const char* bias_word(uint64_t flags) {
  if (flags & GPIO_V2_LINE_FLAG_BIAS_PULL_UP) return "pull-up";
  if (flags & GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN) return "pull-down";
  return flags & GPIO_V2_LINE_FLAG_BIAS_DISABLED ? "disabled" : "as-is";
}

static const char* edges_word(uint64_t flags) {
  const bool rising = flags & GPIO_V2_LINE_FLAG_EDGE_RISING;
  const bool falling = flags & GPIO_V2_LINE_FLAG_EDGE_FALLING;
  if (rising) return falling ? "both" : "rising";
  return falling ? "falling" : "none";
}

static void describe(const struct line* l, struct reply* reply) {
  const struct request* r = l->owner;
  const uint64_t flags = gpiofake_flags_of(l);
  const size_t record = r && r->abi == 2 ? sizeof(struct gpio_v2_line_event) : sizeof(struct gpioevent_data);
  const int n = snprintf(
      reply->text + reply->used, sizeof reply->text - reply->used,
      "level=%d used=%d abi=%d bias=%s active_low=%d debounce_us=%u edges=%s queued=%u consumer=%s\n",
      gpiofake_physical(l), r != NULL || l->busy, r ? r->abi : 0, bias_word(flags),
      (flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW) != 0, gpiofake_debounce_of(l), edges_word(flags),
      r ? gpiofake_queued(r, record) : 0, gpiofake_consumer_of(l));
  if (n > 0 && reply->used + (size_t)n < sizeof reply->text) reply->used += (size_t)n;
}

static void add(struct reply* reply, const char* text) {
  const size_t size = strlen(text);
  if (reply->used + size >= sizeof reply->text) return;
  memcpy(reply->text + reply->used, text, size + 1);
  reply->used += size;
}

static void tell_trace(struct line* l, struct reply* reply) {
  const unsigned first = l->traced > MAX_CHANGES ? l->traced - MAX_CHANGES : 0;
  if (first == l->traced) add(reply, "none");
  for (unsigned i = first; i < l->traced; ++i) {
    char text[48];
    const struct change* c = &l->trace[i % MAX_CHANGES];
    snprintf(text, sizeof text, "%s%d@%llu", i > first ? " " : "", c->level, (unsigned long long)c->at);
    add(reply, text);
  }
  add(reply, "\n");
  l->traced = 0;
}

static bool set_level(char* command) {
  const bool edge_only = strncmp(command, "edge ", 5) == 0;
  const bool silent = strncmp(command, "silent ", 7) == 0;
  if (edge_only) command += 5;
  if (silent) command += 7;
  char* equals = strchr(command, '=');
  if (!equals || (equals[1] != '0' && equals[1] != '1')) return false;
  uint64_t at = gpiofake_now_ns();
  if (strncmp(equals + 2, " @", 2) == 0) at = strtoull(equals + 4, NULL, 10);
  *equals = '\0';
  struct line* l = find_line(command);
  if (!l) return false;
  const int level = equals[1] - '0';
  if (edge_only) {
    gpiofake_emit(l, level, at);
    return true;
  }
  l->driven = true;
  l->drive = level;
  gpiofake_note(l, at);
  if (silent) {
    l->raw = l->settled = level;
    l->settling = false;
  } else {
    gpiofake_change(l, at);
  }
  return true;
}

static bool obey_line(const char* verb, struct line* l, unsigned count, struct reply* reply) {
  if (!strcmp(verb, "float")) {
    l->driven = false;
    gpiofake_change(l, gpiofake_now_ns());
  } else if (!strcmp(verb, "lose")) {
    lose(l, count);
  } else if (!strcmp(verb, "busy") && !l->owner) {
    l->busy = true;
  } else if (!strcmp(verb, "free")) {
    l->busy = false;
  } else if (!strcmp(verb, "await")) {
    if (!l->owner) reply->awaited = l;
  } else if (!strcmp(verb, "info")) {
    describe(l, reply);
  } else if (!strcmp(verb, "trace")) {
    tell_trace(l, reply);
  } else {
    return false;
  }
  return true;
}

static bool obey_chip(const char* verb, struct chip* c, struct reply* reply) {
  if (!strcmp(verb, "gone")) {
    if (c->present) unplug(c, true);
  } else if (!strcmp(verb, "mute")) {
    if (c->present) unplug(c, false);
  } else if (!strcmp(verb, "back")) {
    c->present = true;
  } else if (!strcmp(verb, "deny")) {
    c->denied = true;
  } else if (!strcmp(verb, "allow")) {
    c->denied = false;
  } else if (!strcmp(verb, "opens")) {
    const int n = snprintf(reply->text + reply->used, sizeof reply->text - reply->used, "%lu\n", c->opens);
    if (n > 0 && reply->used + (size_t)n < sizeof reply->text) reply->used += (size_t)n;
  } else {
    return false;
  }
  return true;
}

static bool obey(char* command, struct reply* reply) {
  char verb[16], object[64];
  unsigned count = 0;
  if (strchr(command, '=')) return set_level(command);
  if (!strcmp(command, "reset")) {
    reset();
    return true;
  }
  if (sscanf(command, "%15s %63s %u", verb, object, &count) < 2) return false;
  struct chip* c = find_chip(object);
  if (c) return obey_chip(verb, c, reply);
  struct line* l = find_line(object);
  return l && obey_line(verb, l, count, reply);
}

static void obey_all(char* text, const struct sockaddr_un* from, socklen_t size) {
  struct reply reply = {.used = 0};
  char* rest = NULL;
  for (char* command = strtok_r(text, "\n", &rest); command; command = strtok_r(NULL, "\n", &rest)) {
    char shown[128];
    snprintf(shown, sizeof shown, "error %s\n", command);
    if (obey(command, &reply)) continue;
    answer(shown, from, size);
    return;
  }
  if (reply.awaited && waiter_count < MAX_WAITERS) {
    waiters[waiter_count++] = (struct waiter){reply.awaited, *from, size};
  } else if (size > sizeof(sa_family_t)) {
    answer(reply.used ? reply.text : "ok\n", from, size);
  }
}

// Settles what is due; gives the milliseconds until the next line settles, -1 for none.
static int settle_all(void) {
  const uint64_t now = gpiofake_now_ns();
  uint64_t next = UINT64_MAX;
  for (int c = 0; c < gpiofake_chip_count; ++c) {
    for (unsigned i = 0; i < gpiofake_chips[c].lines; ++i) {
      struct line* l = &gpiofake_chips[c].line[i];
      gpiofake_settle(l, now);
      if (l->settling && gpiofake_settles_at(l) < next) next = gpiofake_settles_at(l);
    }
  }
  return next == UINT64_MAX ? -1 : (int)((next - now) / 1000000u) + 1;
}

static void* serve(void* unused) {
  (void)unused;
  // Hardware does not wait for a processor; and whoever it wakes may go before it while it holds the mutex,
  // which is another thing that no kernel does. Without the right it is as it is.
  (void)setpriority(PRIO_PROCESS, 0, -20);
  static char text[MAX_DATAGRAM + 1];
  int timeout = -1;
  for (;;) {
    struct pollfd waited = {.fd = control, .events = POLLIN};
    const int ready = poll(&waited, 1, timeout);
    struct sockaddr_un from;
    socklen_t size = sizeof from;
    ssize_t got = 0;
    if (ready > 0) got = recvfrom(control, text, MAX_DATAGRAM, MSG_DONTWAIT, (struct sockaddr*)&from, &size);
    pthread_mutex_lock(&gpiofake_mutex);
    if (got > 0) {
      text[got] = '\0';
      obey_all(text, &from, size);
    }
    timeout = settle_all();
    pthread_mutex_unlock(&gpiofake_mutex);
  }
  return NULL;
}

// Start ---------------------------------------------------------------------------------------------

static void add_chip(char* spec) {
  char* rest = NULL;
  const char* name = strtok_r(spec, ":", &rest);
  char* fields[4] = {"", "0", "", ""};
  for (int i = 0; i < 4 && rest; ++i) fields[i] = strsep(&rest, ":");
  if (!name || gpiofake_chip_count == MAX_CHIPS) return;
  struct chip* c = &gpiofake_chips[gpiofake_chip_count++];
  c->number = gpiofake_chip_number_in(name);
  snprintf(c->label, sizeof c->label, "%s", fields[0]);
  c->lines = (unsigned)atoi(fields[1]) < MAX_LINES ? (unsigned)atoi(fields[1]) : MAX_LINES;
  c->absent_at_start = strcmp(fields[3], "absent") == 0;
  c->present = !c->absent_at_start;
  for (unsigned i = 0; i < c->lines && fields[2][0]; ++i) {
    snprintf(c->line[i].name, sizeof c->line[i].name, "%.20s%u", fields[2], i);
  }
}

static void add_chips(void) {
  const char* given = getenv("GPIOFAKE_CHIPS");
  char* specs = strdup(given ? given : "gpiochip0:pinctrl-bcm2711:58:GPIO");
  char* rest = specs;
  for (char* spec = strsep(&rest, ","); spec; spec = strsep(&rest, ",")) add_chip(spec);
  free(specs);
}

static void begin(void) {
  const char* given = getenv("GPIOFAKE_BEGIN");
  char* commands = strdup(given ? given : "");
  char* rest = commands;
  struct reply reply = {.used = 0};
  for (char* command = strsep(&rest, ";"); command; command = strsep(&rest, ";")) {
    if (*command == '\0' || obey(command, &reply)) continue;
    fprintf(stderr, "gpiofake: cannot do '%s'\n", command);
    abort();
  }
  free(commands);
}

static socklen_t address_of(const char* pattern, struct sockaddr_un* address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  const char* mark = strstr(pattern, "%p");
  char* path = address->sun_path;
  const int head = mark ? (int)(mark - pattern) : (int)strlen(pattern);
  if (mark) {
    snprintf(path, sizeof address->sun_path, "%.*s%d%s", head, pattern, (int)getpid(), mark + 2);
  } else {
    snprintf(path, sizeof address->sun_path, "%s", pattern);
  }
  const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
  if (path[0] != '@') return size + 1;
  path[0] = '\0';
  return size;
}

static bool listen_at(const char* pattern) {
  struct sockaddr_un address;
  const socklen_t size = address_of(pattern, &address);
  const int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool answered = connect(probe, (struct sockaddr*)&address, size) == 0;
  close(probe);
  if (answered) return false;
  if (address.sun_path[0] != '\0') unlink(address.sun_path);
  control = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return bind(control, (struct sockaddr*)&address, size) == 0;
}

__attribute__((constructor)) static void start(void) {
  const char* where = getenv("GPIOFAKE");
  const char* program = getenv("GPIOFAKE_PROGRAM");
  if (!where || (program && strncmp(program, program_invocation_short_name, 15) != 0) || !listen_at(where))
    return;
  add_chips();
  begin();
  // The program's signals are none of this thread's business.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  fake_is_active = pthread_create(&thread, NULL, serve, NULL) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (fake_is_active) pthread_setname_np(thread, "gpiofake");
}
