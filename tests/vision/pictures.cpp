// SPDX-License-Identifier: Apache-2.0
#include "vision/pictures.hpp"

#include <turbojpeg.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

extern "C" {
#include <libavutil/frame.h>
}

#include "porchlight/media/av.hpp"
#include "porchlight/media/photo.hpp"

namespace porchlight::vision {
namespace {

cv::Mat mat(const media::Image& image) {
  return {image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()), image.stride};
}

}  // namespace

std::filesystem::path models() {
  return PORCHLIGHT_BINARY_DIR "/models";
}

std::filesystem::path sample_path(int number) {
  return std::string(PORCHLIGHT_SOURCE_DIR "/node_modules/@vladmandic/face-api/demo/sample") +
         std::to_string(number) + ".jpg";
}

media::Image sample(int number) {
  auto photo = media::read_photo(sample_path(number));
  EXPECT_TRUE(photo.ok());
  return photo.ok() ? std::move(photo).value() : blank(640, 640, 0);
}

media::Image blank(int width, int height, std::uint8_t value) {
  const auto stride = static_cast<std::size_t>(width) * 3;
  return {width, height, 3, stride,
          std::vector<std::uint8_t>(stride * static_cast<std::size_t>(height), value)};
}

media::Image crop(const media::Image& image, int left, int top, int width, int height) {
  auto out = blank(width, height, 0);
  mat(image)(cv::Rect(left, top, width, height)).copyTo(mat(out));
  return out;
}

void paste(const media::Image& what, media::Image& into, int left, int top) {
  mat(what).copyTo(mat(into)(cv::Rect(left, top, what.width, what.height)));
}

media::Image resized(const media::Image& image, int width, int height) {
  auto out = blank(width, height, 0);
  auto to = mat(out);
  cv::resize(mat(image), to, to.size(), 0, 0, cv::INTER_AREA);
  return out;
}

media::Image texture(int width, int height) {
  auto out = blank(width, height, 0);
  cv::RNG random(7);
  cv::Mat sum(height, width, CV_32FC3, cv::Scalar::all(0));
  for (int side = 4; side <= 256; side *= 2) {
    cv::Mat small(side, side, CV_32FC3);
    random.fill(small, cv::RNG::UNIFORM, 0, 255.0 / side);
    cv::Mat wide;
    cv::resize(small, wide, sum.size(), 0, 0, cv::INTER_CUBIC);
    sum += wide * 2;
  }
  sum.convertTo(mat(out), CV_8UC3);
  return out;
}

std::vector<std::uint8_t> jpeg(const media::Image& image) {
  const std::unique_ptr<void, decltype(&tjDestroy)> turbo(tjInitCompress(), tjDestroy);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(turbo.get(), image.pixels.data(), image.width, static_cast<int>(image.stride),
                        image.height, TJPF_BGR, &data, &size, TJSAMP_420, 92, 0),
            0);
  std::vector<std::uint8_t> bytes(data, data + size);
  tjFree(data);
  return bytes;
}

void write_file(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

media::FramePtr frame_of(const media::Image& image) {
  auto picture = media::make_av_frame();
  picture->format = AV_PIX_FMT_YUVJ420P;
  picture->width = image.width;
  picture->height = image.height;
  picture->colorspace = AVCOL_SPC_BT470BG;
  picture->color_range = AVCOL_RANGE_JPEG;
  EXPECT_EQ(av_frame_get_buffer(picture.get(), 0), 0);
  cv::Mat planes;
  cv::cvtColor(mat(image), planes, cv::COLOR_BGR2YCrCb);
  std::vector<cv::Mat> parts;
  cv::split(planes, parts);
  const cv::Size half(image.width / 2, image.height / 2);
  const auto plane = [&](int index, cv::Size size) {
    return cv::Mat(size, CV_8UC1, picture->data[index], static_cast<std::size_t>(picture->linesize[index]));
  };
  parts[0].copyTo(plane(0, {image.width, image.height}));
  for (const auto& [index, channel] : {std::pair{1, 2}, std::pair{2, 1}}) {
    cv::Mat small;
    cv::resize(parts[static_cast<std::size_t>(channel)], small, half, 0, 0, cv::INTER_AREA);
    small.copyTo(plane(index, half));
  }
  auto frame = std::make_shared<media::Frame>();
  frame->width = image.width;
  frame->height = image.height;
  frame->picture = std::shared_ptr<const AVFrame>(std::move(picture));
  return frame;
}

std::unique_ptr<FaceEngine> engine_or_skip(FaceOptions options) {
  if (!std::filesystem::exists(models() / "resnet.onnx") || !std::filesystem::exists(sample_path(1)))
    return {};
  auto engine = FaceEngine::create(models(), options, nullptr);
  EXPECT_TRUE(engine.ok()) << (engine ? "" : engine.error().text());
  return engine ? std::move(engine).value() : nullptr;
}

media::Image visitor_enrolled() {
  return crop(sample(1), 1180, 0, 680, 680);
}
media::Image visitor_at_door() {
  return crop(sample(3), 850, 60, 630, 630);
}
media::Image stranger() {
  return crop(sample(6), 1380, 60, 540, 540);
}

}  // namespace porchlight::vision
