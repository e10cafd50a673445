// SPDX-License-Identifier: Apache-2.0
#include "v4l2_device.hpp"

#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <utility>

namespace porchlight::camera {
namespace {

constexpr std::uint32_t wanted_buffers = 4;
constexpr std::uint32_t type = V4L2_BUF_TYPE_VIDEO_CAPTURE;

struct Size {
  int width, height;
};
// What an uncompressed picture fits over USB 2 at 15 frames/s, and what a compressed one does.
constexpr Size usual_raw{640, 480};
constexpr Size usual_coded{1280, 720};
constexpr double usual_fps = 15;

struct Format {
  std::uint32_t fourcc;
  PixelFormat format;
};
// In order of preference: the least work for the bus and for us.
constexpr std::array<Format, 4> known_formats{{{V4L2_PIX_FMT_H264, PixelFormat::h264},
                                               {V4L2_PIX_FMT_MJPEG, PixelFormat::mjpeg},
                                               {V4L2_PIX_FMT_JPEG, PixelFormat::mjpeg},
                                               {V4L2_PIX_FMT_YUYV, PixelFormat::yuyv}}};

PixelFormat format_of(std::uint32_t fourcc) {
  for (const auto& known : known_formats)
    if (known.fourcc == fourcc) return known.format;
  return PixelFormat::automatic;
}

std::string letters(std::uint32_t fourcc) {
  std::string text;
  for (int shift = 0; shift < 32; shift += 8) {
    const auto c = static_cast<char>((fourcc >> shift) & 0x7f);
    text.push_back(c > ' ' ? c : '_');
  }
  return text;
}

int ioctl_of(int fd, unsigned long request, void* argument) {
  for (;;) {
    const int rc = ::ioctl(fd, request, argument);
    if (rc >= 0 || errno != EINTR) return rc;
  }
}

}  // namespace

V4l2Device::Mapping::Mapping(Mapping&& other) noexcept
    : at_(std::exchange(other.at_, nullptr)), size_(other.size_) {}
V4l2Device::Mapping::~Mapping() {
  if (at_ != nullptr) ::munmap(at_, size_);
}

Result<V4l2Device> V4l2Device::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return errno_error(errno, "open '" + path + "'");
  V4l2Device device(path, std::move(fd));
  if (auto status = device.check_kind(); !status) return std::move(status).error();
  return device;
}

// Closing ends the stream too, but not while a buffer is mapped.
V4l2Device::~V4l2Device() {
  int capture = static_cast<int>(type);
  if (fd_ && !buffers_.empty()) ioctl_of(fd_.get(), VIDIOC_STREAMOFF, &capture);
}

Status V4l2Device::call(unsigned long request, void* argument, const char* doing) const {
  if (ioctl_of(fd_.get(), request, argument) >= 0) return {};
  return explain(errno, doing);
}

Error V4l2Device::explain(int errnum, const char* doing) const {
  const std::string what = std::string(doing) + " '" + path_ + "'";
  switch (errnum) {
    case ENODEV:
      return Error(ErrorCode::not_found, what + ": the device is gone");
    case EBUSY:
      return Error(ErrorCode::unavailable, what + ": in use by another program");
    case ENOSPC:
      return Error(ErrorCode::resource, what + ": not enough bandwidth on its bus for this size and rate");
    case ENOTTY:
      return Error(ErrorCode::unsupported, what + ": it is no camera");
    default:
      return errno_error(errnum, what);
  }
}

Status V4l2Device::check_kind() const {
  v4l2_capability capability{};
  if (auto s = call(VIDIOC_QUERYCAP, &capability, "ask"); !s) return s;
  const auto able = (capability.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? capability.device_caps
                                                                          : capability.capabilities;
  if ((able & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0)
    return Error(ErrorCode::unsupported, "open '" + path_ +
                                             "': a sensor or codec with planes of its own; use exec: and "
                                             "a program that knows it, such as rpicam-vid");
  if ((able & V4L2_CAP_VIDEO_CAPTURE) == 0 || (able & V4L2_CAP_STREAMING) == 0)
    return Error(ErrorCode::unsupported,
                 "open '" + path_ + "': it delivers no pictures (a camera has further devices beside it)");
  return {};
}

Result<std::uint32_t> V4l2Device::choose_format(PixelFormat wanted) const {
  std::uint32_t best = 0;
  std::size_t rank = known_formats.size();
  std::string offered;
  for (std::uint32_t index = 0; index < 64; ++index) {
    v4l2_fmtdesc description{};
    description.index = index;
    description.type = type;
    if (ioctl_of(fd_.get(), VIDIOC_ENUM_FMT, &description) < 0) break;
    offered += (offered.empty() ? "" : ", ") + letters(description.pixelformat);
    for (std::size_t i = 0; i < rank; ++i) {
      const auto& known = known_formats[i];
      if (known.fourcc != description.pixelformat) continue;
      if (wanted != PixelFormat::automatic && wanted != known.format) continue;
      best = known.fourcc;
      rank = i;
    }
  }
  if (best != 0) return best;
  return Error(ErrorCode::unsupported,
               "open '" + path_ + "': it offers " + (offered.empty() ? "no format" : offered) +
                   (wanted == PixelFormat::automatic ? ", and none of H264, MJPG, YUYV"
                                                     : ", not the format asked for"));
}

double V4l2Device::set_rate(double wanted) const {
  v4l2_streamparm parameters{};
  parameters.type = type;
  if (ioctl_of(fd_.get(), VIDIOC_G_PARM, &parameters) < 0) return 0;
  auto& period = parameters.parm.capture.timeperframe;
  if ((parameters.parm.capture.capability & V4L2_CAP_TIMEPERFRAME) != 0) {
    period = {1000, static_cast<std::uint32_t>(std::lround(1000 * (wanted > 0 ? wanted : usual_fps)))};
    ioctl_of(fd_.get(), VIDIOC_S_PARM, &parameters);  // a refusal leaves the driver's own rate
  }
  return period.numerator > 0 ? static_cast<double>(period.denominator) / period.numerator : 0;
}

Result<V4l2Device::Mode> V4l2Device::configure(const CameraOptions& wish) {
  const auto fourcc = choose_format(wish.format);
  if (!fourcc) return fourcc.error();
  const Size usual = format_of(*fourcc) == PixelFormat::yuyv ? usual_raw : usual_coded;
  v4l2_format format{};
  format.type = type;
  format.fmt.pix.width = static_cast<std::uint32_t>(wish.width > 0 ? wish.width : usual.width);
  format.fmt.pix.height = static_cast<std::uint32_t>(wish.height > 0 ? wish.height : usual.height);
  format.fmt.pix.pixelformat = *fourcc;
  format.fmt.pix.field = V4L2_FIELD_NONE;
  if (auto s = call(VIDIOC_S_FMT, &format, "set the format of"); !s) return std::move(s).error();
  const auto& pix = format.fmt.pix;
  Mode mode;
  mode.format = format_of(pix.pixelformat);
  mode.width = static_cast<int>(pix.width);
  mode.height = static_cast<int>(pix.height);
  mode.stride = std::max<std::size_t>(pix.bytesperline, std::size_t{2} * pix.width);
  mode.full_range = pix.quantization == V4L2_QUANTIZATION_FULL_RANGE;
  mode.bt709 = pix.ycbcr_enc == V4L2_YCBCR_ENC_709;
  if (mode.format == PixelFormat::automatic || mode.width <= 0 || mode.height <= 0 || mode.width % 2 != 0)
    return Error(ErrorCode::unsupported, "set the format of '" + path_ + "': it answers " +
                                             letters(pix.pixelformat) + " " + std::to_string(pix.width) +
                                             "x" + std::to_string(pix.height));
  mode.fps = set_rate(wish.fps);
  return mode;
}

Status V4l2Device::map_buffers() {
  v4l2_requestbuffers request{};
  request.count = wanted_buffers;
  request.type = type;
  request.memory = V4L2_MEMORY_MMAP;
  if (auto s = call(VIDIOC_REQBUFS, &request, "get buffers of"); !s) return s;
  for (std::uint32_t index = 0; index < request.count; ++index) {
    v4l2_buffer buffer{};
    buffer.index = index;
    buffer.type = type;
    buffer.memory = V4L2_MEMORY_MMAP;
    if (auto s = call(VIDIOC_QUERYBUF, &buffer, "get buffers of"); !s) return s;
    void* at =
        ::mmap(nullptr, buffer.length, PROT_READ, MAP_SHARED, fd_.get(), static_cast<off_t>(buffer.m.offset));
    if (at == MAP_FAILED) return explain(errno, "map buffers of");
    buffers_.emplace_back(at, buffer.length);
  }
  if (buffers_.empty()) return Error(ErrorCode::resource, "get buffers of '" + path_ + "': it has none");
  return {};
}

Status V4l2Device::give_back(std::uint32_t index) const {
  v4l2_buffer buffer{};
  buffer.index = index;
  buffer.type = type;
  buffer.memory = V4L2_MEMORY_MMAP;
  return call(VIDIOC_QBUF, &buffer, "queue a buffer of");
}

Status V4l2Device::start() {
  if (auto s = map_buffers(); !s) return s;
  for (std::uint32_t index = 0; index < buffers_.size(); ++index)
    if (auto s = give_back(index); !s) return s;
  int capture = static_cast<int>(type);
  return call(VIDIOC_STREAMON, &capture, "start");
}

Result<bool> V4l2Device::next(std::chrono::milliseconds patience,
                              const std::function<void(const Picture&)>& take) {
  pollfd waited{fd_.get(), POLLIN, 0};
  if (::poll(&waited, 1, static_cast<int>(patience.count())) <= 0) return false;
  v4l2_buffer buffer{};
  buffer.type = type;
  buffer.memory = V4L2_MEMORY_MMAP;
  if (ioctl_of(fd_.get(), VIDIOC_DQBUF, &buffer) < 0) {
    // A device that is pulled out is ready for ever, and has nothing.
    if (errno != EAGAIN) return explain(errno, "read");
    if ((waited.revents & (POLLERR | POLLHUP)) != 0) return explain(ENODEV, "read");
    return false;
  }
  if (buffer.index >= buffers_.size())
    return Error(ErrorCode::io, "read '" + path_ + "': the driver names a buffer that it does not have");
  const bool shown = show(buffer, take);
  if (auto s = give_back(buffer.index); !s) return std::move(s).error();
  return shown;
}

// False when the driver knows that it is damaged.
bool V4l2Device::show(const v4l2_buffer& buffer, const std::function<void(const Picture&)>& take) {
  // Drivers that do not count leave it at zero.
  if (sequence_ && buffer.sequence > *sequence_ + 1) lost_ += buffer.sequence - *sequence_ - 1;
  sequence_ = buffer.sequence;
  if ((buffer.flags & V4L2_BUF_FLAG_ERROR) != 0 || buffer.bytesused == 0) {
    ++lost_;
    return false;
  }
  Picture picture;
  picture.data = buffers_[buffer.index].data();
  picture.size = std::min<std::size_t>(buffer.bytesused, buffers_[buffer.index].size());
  picture.lost_before = std::exchange(lost_, 0);
  if ((buffer.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC)
    picture.taken_us = std::int64_t{buffer.timestamp.tv_sec} * 1'000'000 + buffer.timestamp.tv_usec;
  take(picture);
  return true;
}

}  // namespace porchlight::camera
