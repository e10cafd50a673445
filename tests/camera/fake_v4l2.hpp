// SPDX-License-Identifier: Apache-2.0
// A V4L2 capture device at the kernel's interface: this program's ioctl() answers for it, and everything
// else (open, mmap, poll) is the kernel's own on a plain file. Real drivers: tests/vm/test_v4l2.py.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace porchlight::test {

class FakeV4l2 {
 public:
  struct Shape {
    std::vector<std::uint32_t> formats;  // fourcc, in the driver's order
    int width = 640;                     // the only size it has
    int height = 360;
    int fps = 50;
    std::uint32_t stride = 0;  // of a raw format; 0: none beside the pixels
    bool capture = true;
    bool busy = false;  // another program has it
    // The bytes of the picture of that number, in the chosen format; empty: not yet.
    std::function<std::vector<std::uint8_t>(std::uint32_t number)> picture{};
  };

  // One at a time. Plugged in until unplug() or its end.
  FakeV4l2(std::filesystem::path path, Shape shape);
  ~FakeV4l2();
  FakeV4l2(const FakeV4l2&) = delete;
  FakeV4l2& operator=(const FakeV4l2&) = delete;

  void unplug();
  void plug_in();
  void skip(std::uint32_t pictures) { number_ += pictures; }  // the driver drops so many
  void damage_next() { damaged_ = true; }

  std::uint32_t chosen_format() const { return format_; }
  double asked_fps() const { return asked_fps_; }
  bool streaming() const { return streaming_; }

  // The call as the kernel would answer it: 0, or -1 and errno.
  int call(unsigned long request, void* argument);
  bool owns(int fd) const;

 private:
  int capability(void* argument) const;
  int format_at(void* argument) const;
  int set_format(void* argument);
  int parameters(unsigned long request, void* argument);
  int request_buffers(void* argument);
  int query_buffer(void* argument) const;
  int queue(void* argument);
  int dequeue(void* argument);

  const std::filesystem::path path_;
  const Shape shape_;
  mutable std::mutex mutex_;
  std::atomic<ino_t> inode_{0};
  std::atomic<bool> gone_{false};
  std::atomic<std::uint32_t> format_{0};
  std::atomic<double> asked_fps_{0};
  std::atomic<bool> streaming_{false};
  std::atomic<std::uint32_t> number_{0};
  std::atomic<bool> damaged_{false};
  std::set<std::uint32_t> queued_;
};

}  // namespace porchlight::test
