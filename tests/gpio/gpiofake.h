// SPDX-License-Identifier: Apache-2.0
// Between the parts of the fake GPIO chips: gpiofake_chip.c models the chips, gpiofake_calls.c puts them
// in the place of the C library's calls, gpiofake.c is their control socket.
#ifndef GPIOFAKE_H
#define GPIOFAKE_H

#include <linux/gpio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_CHIPS = 8, MAX_LINES = 64, MAX_FDS = 4096, DEVICE_MAJOR = 254, MAX_CHANGES = 64 };

struct request {
  int fd;    // the program's end
  int peer;  // ours; closed when the chip goes
  int abi;   // 1 or 2
  int chip;
  bool gone;
  bool has_events;
  unsigned count;
  unsigned offsets[GPIO_V2_LINES_MAX];
  uint64_t flags[GPIO_V2_LINES_MAX];  // in interface 2's words
  uint32_t debounce_us[GPIO_V2_LINES_MAX];
  uint32_t line_seqno[GPIO_V2_LINES_MAX];
  uint32_t seqno;
  uint32_t buffer;
  char consumer[32];
};

struct change {
  int level;
  uint64_t at;
};

struct line {
  char name[32];
  bool driven;
  int drive;
  bool busy;
  struct request* owner;
  unsigned index;  // in the owner
  int raw;         // as the interrupt sees it
  int settled;     // what debounce lets through
  bool settling;
  uint64_t changed;
  struct change trace[MAX_CHANGES];  // the newest of what it was driven to, by whomever
  unsigned traced;
};

struct chip {
  int number;
  char label[32];
  unsigned lines;
  bool absent_at_start;
  bool present;
  bool denied;
  unsigned generation;
  unsigned long opens;
  struct line line[MAX_LINES];
};

struct file {
  int kind;
  int chip;
  unsigned generation;
  struct request* request;
};

// False unless GPIOFAKE is set and this process is the one that answers its socket.
extern bool fake_is_active;
extern pthread_mutex_t gpiofake_mutex;  // guards everything below
extern struct chip gpiofake_chips[MAX_CHIPS];
extern int gpiofake_chip_count;
extern struct file gpiofake_files[MAX_FDS];

// The model, under the mutex -------------------------------------------------------------------------
uint64_t gpiofake_now_ns(void);
uint64_t gpiofake_flags_of(const struct line* l);
uint32_t gpiofake_debounce_of(const struct line* l);
int gpiofake_physical(const struct line* l);
unsigned gpiofake_queued(const struct request* r, size_t size);
void gpiofake_emit(struct line* l, int level, uint64_t at);
uint64_t gpiofake_settles_at(const struct line* l);
void gpiofake_settle(struct line* l, uint64_t now);
void gpiofake_change(struct line* l, uint64_t at);
void gpiofake_note(struct line* l, uint64_t at);
// The request's lines are free; `told`: whoever waits for it sees it end.
void gpiofake_orphan(struct request* r, bool told);
int gpiofake_chip_numbered(int number);
int gpiofake_chip_number_in(const char* name);
const char* gpiofake_consumer_of(const struct line* l);
// Called when the program has requested the line; gpiofake.c answers who awaits it.
void gpiofake_requested(const struct line* l);

// What the calls ask; they take the mutex -------------------------------------------------------------
// The number N of a /dev/gpiochipN that is there now; -1: not ours or not there.
int fake_chip_at(const char* path);
// True when the path is a /dev/gpiochipN at all: the machine's own chips are hidden.
bool fake_is_chip_path(const char* path);
// The i-th chip that is there now, by its number; -1: no more.
int fake_chip_number(int i);

// An open file of the chip; -1 with errno.
int fake_open_chip(int number);
// What the descriptor is to us. 0 nothing, 1 a chip, 2 lines.
int fake_kind(int fd);
int fake_ioctl(int fd, unsigned long request, void* argument);
// -1 with errno when the read must fail; else the number of bytes to really read, at most `size`.
long fake_read_size(int fd, size_t size);
void fake_close(int fd);

#endif
