// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "porchlight/camera/options.hpp"

struct v4l2_buffer;

namespace porchlight::camera {

// A capture device by the kernel's own calls (single-planar, memory-mapped buffers). Thread-bound.
// Errors of every call: not_found (no such device, or it is gone), permission_denied, unavailable (in
// use by another program), unsupported (no camera, or no format that we read), resource (no bandwidth on
// the bus), io.
class V4l2Device {
 public:
  // What the driver agreed to.
  struct Mode {
    PixelFormat format = PixelFormat::automatic;
    int width = 0;  // pixels
    int height = 0;
    std::size_t stride = 0;  // bytes from row to row, of yuyv
    double fps = 0;          // 0: the driver does not say
    bool full_range = false;
    bool bt709 = false;
  };
  struct Picture {
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;                  // bytes
    std::optional<std::int64_t> taken_us;  // CLOCK_MONOTONIC in microseconds, if the driver says it
    std::uint64_t lost_before = 0;         // pictures that the driver had and we did not get
  };

  static Result<V4l2Device> open(const std::string& path);
  V4l2Device(V4l2Device&&) noexcept = default;
  V4l2Device& operator=(V4l2Device&&) = delete;
  ~V4l2Device();

  // Asks for the format, size and rate of the options; the driver takes the nearest that it has.
  Result<Mode> configure(const CameraOptions& wish);
  Status start();
  // Hands the next picture to `take`, whose bytes are the device's and good for the call only. False:
  // none came within `patience`, or a damaged one.
  Result<bool> next(std::chrono::milliseconds patience, const std::function<void(const Picture&)>& take);

 private:
  // One buffer in the kernel's memory.
  class Mapping {
   public:
    Mapping(void* at, std::size_t size) : at_(at), size_(size) {}
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&&) = delete;
    ~Mapping();
    const std::uint8_t* data() const noexcept { return static_cast<const std::uint8_t*>(at_); }
    std::size_t size() const noexcept { return size_; }

   private:
    void* at_;
    std::size_t size_;
  };

  V4l2Device(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Status call(unsigned long request, void* argument, const char* doing) const;
  Error explain(int errnum, const char* doing) const;
  Status check_kind() const;
  Result<std::uint32_t> choose_format(PixelFormat wanted) const;
  double set_rate(double wanted) const;
  Status map_buffers();
  Status give_back(std::uint32_t index) const;
  bool show(const v4l2_buffer& buffer, const std::function<void(const Picture&)>& take);

  std::string path_;
  UniqueFd fd_;
  std::vector<Mapping> buffers_;
  std::optional<std::uint32_t> sequence_;  // of the newest picture
  std::uint64_t lost_ = 0;                 // since the picture before
};

}  // namespace porchlight::camera
