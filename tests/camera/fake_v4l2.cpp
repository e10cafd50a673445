// SPDX-License-Identifier: Apache-2.0
#include "fake_v4l2.hpp"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <fstream>
#include <thread>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t buffers = 4;
constexpr std::uint32_t buffer_size = 2 << 20;

std::atomic<FakeV4l2*> fake{nullptr};

int fail(int errnum) {
  errno = errnum;
  return -1;
}

}  // namespace

FakeV4l2::FakeV4l2(std::filesystem::path path, Shape shape)
    : path_(std::move(path)), shape_(std::move(shape)) {
  plug_in();
  fake = this;
}

FakeV4l2::~FakeV4l2() {
  unplug();
  fake = nullptr;
}

void FakeV4l2::unplug() {
  const std::lock_guard lock(mutex_);
  gone_ = true;
  std::filesystem::remove(path_);
}

void FakeV4l2::plug_in() {
  const std::lock_guard lock(mutex_);
  std::ofstream(path_).put('\0');
  std::filesystem::resize_file(path_, buffers * buffer_size);
  struct stat found {};
  ::stat(path_.c_str(), &found);
  inode_ = found.st_ino;
  queued_.clear();
  streaming_ = false;
  gone_ = false;
}

bool FakeV4l2::owns(int fd) const {
  struct stat found {};
  if (::fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) return false;
  return found.st_ino == inode_ && found.st_size == off_t{buffers * buffer_size};
}

int FakeV4l2::call(unsigned long request, void* argument) {
  if (gone_) return fail(ENODEV);
  switch (request) {
    case VIDIOC_QUERYCAP:
      return capability(argument);
    case VIDIOC_ENUM_FMT:
      return format_at(argument);
    case VIDIOC_S_FMT:
      return set_format(argument);
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
      return parameters(request, argument);
    case VIDIOC_REQBUFS:
      return request_buffers(argument);
    case VIDIOC_QUERYBUF:
      return query_buffer(argument);
    case VIDIOC_QBUF:
      return queue(argument);
    case VIDIOC_DQBUF:
      return dequeue(argument);
    case VIDIOC_STREAMON:
    case VIDIOC_STREAMOFF:
      streaming_ = request == VIDIOC_STREAMON;
      return 0;
    default:
      return fail(ENOTTY);
  }
}

int FakeV4l2::capability(void* argument) const {
  auto& answer = *static_cast<v4l2_capability*>(argument);
  answer.capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
  answer.device_caps = V4L2_CAP_STREAMING | (shape_.capture ? V4L2_CAP_VIDEO_CAPTURE : V4L2_CAP_META_CAPTURE);
  return 0;
}

int FakeV4l2::format_at(void* argument) const {
  auto& asked = *static_cast<v4l2_fmtdesc*>(argument);
  if (asked.index >= shape_.formats.size()) return fail(EINVAL);
  asked.pixelformat = shape_.formats[asked.index];
  return 0;
}

int FakeV4l2::set_format(void* argument) {
  if (shape_.busy) return fail(EBUSY);
  auto& pix = static_cast<v4l2_format*>(argument)->fmt.pix;
  pix.width = static_cast<std::uint32_t>(shape_.width);
  pix.height = static_cast<std::uint32_t>(shape_.height);
  pix.bytesperline = shape_.stride;
  pix.sizeimage = buffer_size;
  format_ = pix.pixelformat;
  return 0;
}

int FakeV4l2::parameters(unsigned long request, void* argument) {
  auto& capture = static_cast<v4l2_streamparm*>(argument)->parm.capture;
  capture.capability = V4L2_CAP_TIMEPERFRAME;
  if (request == VIDIOC_S_PARM && capture.timeperframe.numerator > 0)
    asked_fps_ = double{capture.timeperframe.denominator * 1.0} / capture.timeperframe.numerator;
  capture.timeperframe = {1, static_cast<std::uint32_t>(shape_.fps)};
  return 0;
}

int FakeV4l2::request_buffers(void* argument) {
  static_cast<v4l2_requestbuffers*>(argument)->count = buffers;
  return 0;
}

int FakeV4l2::query_buffer(void* argument) const {
  auto& buffer = *static_cast<v4l2_buffer*>(argument);
  buffer.length = buffer_size;
  buffer.m.offset = buffer.index * buffer_size;
  return 0;
}

int FakeV4l2::queue(void* argument) {
  const std::lock_guard lock(mutex_);
  return queued_.insert(static_cast<v4l2_buffer*>(argument)->index).second ? 0 : fail(EINVAL);
}

// The plain file below is ready for ever, so the waiting is done here.
int FakeV4l2::dequeue(void* argument) {
  std::this_thread::sleep_for(std::chrono::nanoseconds(1s) / shape_.fps);
  const std::lock_guard lock(mutex_);
  if (gone_) return fail(ENODEV);
  if (!streaming_) return fail(EINVAL);
  if (queued_.empty()) return fail(EAGAIN);
  const auto bytes = shape_.picture(number_);
  if (bytes.empty()) return fail(EAGAIN);
  auto& buffer = *static_cast<v4l2_buffer*>(argument);
  buffer.index = *queued_.begin();
  queued_.erase(queued_.begin());
  buffer.sequence = number_++;
  buffer.bytesused = static_cast<std::uint32_t>(bytes.size());
  buffer.flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC | (damaged_.exchange(false) ? V4L2_BUF_FLAG_ERROR : 0);
  const auto now = std::chrono::steady_clock::now().time_since_epoch() / 1us;
  buffer.timestamp = {now / 1'000'000, now % 1'000'000};
  const UniqueFd file(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  if (::pwrite(file.get(), bytes.data(), bytes.size(), off_t{buffer.index} * buffer_size) < 0)
    return fail(EIO);
  return 0;
}

}  // namespace porchlight::test

// Takes the place of the C library's for the whole test program.
extern "C" int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  auto* device = porchlight::test::fake.load();
  if (device != nullptr && device->owns(fd)) return device->call(request, argument);
  return static_cast<int>(::syscall(SYS_ioctl, fd, request, argument));
}
