// SPDX-License-Identifier: Apache-2.0
#include "bench/vision/street.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <opencv2/imgproc.hpp>
#include <random>

#include "porchlight/media/photo.hpp"
#include "vision/detector.hpp"

namespace porchlight::bench {
namespace {

using Json = nlohmann::ordered_json;
constexpr int width = 640;
constexpr int height = 480;

cv::Mat view(const media::Image& image) {
  return {image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()), image.stride};
}

media::Image image_of(const cv::Mat& mat) {
  media::Image image{mat.cols, mat.rows, 3, static_cast<std::size_t>(mat.cols) * 3, {}};
  image.pixels.resize(image.stride * static_cast<std::size_t>(mat.rows));
  mat.copyTo(view(image));
  return image;
}

// Scaled until it covers the frame, and cut in the middle.
cv::Mat framed(const cv::Mat& picture) {
  const auto scale =
      std::max(static_cast<double>(width) / picture.cols, static_cast<double>(height) / picture.rows);
  cv::Mat scaled;
  cv::resize(
      picture, scaled,
      {std::max(width, cvRound(picture.cols * scale)), std::max(height, cvRound(picture.rows * scale))}, 0, 0,
      cv::INTER_AREA);
  return scaled(cv::Rect((scaled.cols - width) / 2, (scaled.rows - height) / 2, width, height)).clone();
}

struct Street {
  std::string name;
  cv::Mat frame;
};

std::vector<Street> pictures(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().extension() == ".jpg") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Street> frames;
  for (const auto& file : files)
    if (const auto photo = media::read_photo(file))
      frames.push_back({file.filename().string(), framed(view(*photo))});
  return frames;
}

// Two frames a second of a clip, by Debian's ffmpeg.
std::vector<Street> frames_of(const std::filesystem::path& clip) {
  std::vector<Street> frames;
  if (!std::filesystem::exists(clip)) return frames;
  const auto command = "ffmpeg -v error -i '" + clip.string() + "' -vf fps=2,scale=" + std::to_string(width) +
                       ":" + std::to_string(height) + " -f rawvideo -pix_fmt bgr24 - </dev/null";
  auto* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return frames;
  for (cv::Mat frame(height, width, CV_8UC3);
       std::fread(frame.data, 3, width * height, pipe) == width * height;)
    frames.push_back({clip.filename().string() + " #" + std::to_string(frames.size()), frame.clone()});
  ::pclose(pipe);
  return frames;
}

using Detect = std::function<std::vector<vision::Face>(const cv::Mat& frame)>;

struct Head {
  cv::Mat picture;   // with something around the face
  vision::Box face;  // in it
  float frontal;     // 1 looks at the camera, 0 in profile
};

// Cut at the brows, a face is not what a camera shows: only those that the photograph shows with the whole
// head.
std::vector<Head> heads(const std::vector<std::filesystem::path>& photos, vision::FaceEngine& engine) {
  constexpr float least_height = 40;    // or pasting would enlarge it
  constexpr float least_score = 0.95F;  // or the box may not be the face's
  std::vector<Head> heads;
  for (const auto& file : photos) {
    const auto photo = media::read_photo(file);
    if (!photo) continue;
    const auto shots = engine.shots_of_photo(*photo);
    if (!shots) continue;
    for (const auto& shot : *shots) {
      const auto chip = engine.align(*photo, shot.face);
      if (!chip) continue;
      const auto& box = shot.face.box;
      const auto part = [&](float left, float top, float wide, float high) {
        return cv::Rect(cv::Rect2f(box.x - left * box.width, box.y - top * box.height, wide * box.width,
                                   high * box.height));
      };
      const auto head = part(0.3F, 0.3F, 1.6F, 1.5F);
      const cv::Rect all(0, 0, photo->width, photo->height);
      if (box.height < least_height || shot.face.score < least_score || (head & all) != head) continue;
      const auto cut = part(0.7F, 0.5F, 2.4F, 2.3F) & all;  // with the shoulders, where they are to be seen
      heads.push_back(
          {view(*photo)(cut).clone(),
           {box.x - static_cast<float>(cut.x), box.y - static_cast<float>(cut.y), box.width, box.height},
           chip->frontal});
    }
  }
  return heads;
}

// Into the frame, with soft edges, so that the face is `size` pixels high. Where the face then is.
vision::Box paste(const Head& head, int size, cv::Mat& frame, std::mt19937& random) {
  const auto scale = static_cast<float>(size) / head.face.height;
  cv::Mat small;
  cv::resize(head.picture, small, {}, static_cast<double>(scale), static_cast<double>(scale),
             scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  const auto left = static_cast<int>(random() % static_cast<unsigned>(width - small.cols));
  const auto top = static_cast<int>(random() % static_cast<unsigned>(height - small.rows));
  cv::Mat mask(small.size(), CV_32FC3, cv::Scalar::all(0));
  const auto edge = size / 6;
  mask(cv::Rect(edge, edge, small.cols - 2 * edge, small.rows - 2 * edge)) = cv::Scalar::all(1);
  cv::GaussianBlur(mask, mask, {0, 0}, size / 16.0);
  auto place = frame(cv::Rect(left, top, small.cols, small.rows));
  cv::Mat under;
  cv::Mat over;
  place.convertTo(under, CV_32FC3);
  small.convertTo(over, CV_32FC3);
  cv::Mat mixed = under.mul(cv::Scalar::all(1) - mask) + over.mul(mask);
  mixed.convertTo(place, CV_8UC3);
  return {static_cast<float>(left) + head.face.x * scale, static_cast<float>(top) + head.face.y * scale,
          head.face.width * scale, head.face.height * scale};
}

struct Found {
  std::size_t pasted = 0;
  std::size_t found = 0;
  void count(bool is_found) {
    ++pasted;
    found += is_found ? 1 : 0;
  }
  Json json() const {
    return {{"pasted", pasted},
            {"found", found},
            {"recall", static_cast<double>(found) / static_cast<double>(pasted)}};
  }
};

// Each face into four streets.
Json recall(const std::vector<Head>& heads, const std::vector<Street>& streets, int size,
            const Detect& detect) {
  constexpr float facing = 0.5F;  // up to about 30 degrees aside
  std::mt19937 random(40);
  Found all;
  Found facing_us;
  for (std::size_t i = 0; i < heads.size() * 4; ++i) {
    const auto& head = heads[i % heads.size()];
    auto frame = streets[i % streets.size()].frame.clone();
    const auto place = paste(head, size, frame, random);
    const auto faces = detect(frame);
    const auto at_place = [&](const vision::Face& face) { return vision::overlap(face.box, place) > 0.4F; };
    const bool found = std::ranges::any_of(faces, at_place);
    all.count(found);
    if (head.frontal >= facing) facing_us.count(found);
  }
  return {{"facing_the_camera", facing_us.json()}, {"all", all.json()}};
}

// People who stand in the pictures, as somebody who looked at what was found saw them.
struct Real {
  const char* picture;
  vision::Box face;
};
constexpr Real real_faces[] = {{"car8.jpg", {499, 35, 54, 72}}, {"us2.jpg", {127, 209, 70, 85}}};

bool is_real(const Street& street, const vision::Face& face) {
  return std::ranges::any_of(real_faces, [&](const Real& real) {
    return street.name == real.picture && vision::overlap(real.face, face.box) > 0.4F;
  });
}

Json false_faces(const std::vector<Street>& streets, const Detect& detect) {
  Json list = Json::array();
  std::size_t large = 0;
  for (const auto& street : streets)
    for (const auto& face : detect(street.frame)) {
      if (is_real(street, face)) continue;
      large += face.box.height >= 40 ? 1 : 0;
      list.push_back(
          {street.name, cvRound(face.box.x), cvRound(face.box.y), cvRound(face.box.height), face.score});
    }
  return {{"frames", streets.size()},
          {"of_20_pixels_and_more", list.size()},
          {"of_40_pixels_and_more", large},
          {"of_40_per_100_frames", 100.0 * static_cast<double>(large) / static_cast<double>(streets.size())},
          {"where", list}};
}

Json figures(const std::vector<Head>& heads, const std::vector<Street>& streets, const Detect& detect) {
  Json json;
  for (const int size : {60, 40, 30, 24})
    json["recall_at_" + std::to_string(size)] = recall(heads, streets, size, detect);
  json["false_faces"] = false_faces(streets, detect);
  return json;
}

// The same network for 640 × 480 instead of 320 × 240, where somebody has put it beside the project.
Json finer(const std::filesystem::path& model, const std::vector<Head>& heads,
           const std::vector<Street>& streets) {
  if (!std::filesystem::exists(model)) return "skipped: no '" + model.string() + "'";
  vision::Detector detector(model.string());
  return figures(heads, streets, [&](const cv::Mat& frame) {
    cv::Mat rgb;
    cv::cvtColor(frame, rgb, cv::COLOR_BGR2RGB);
    return detector.detect(rgb, frame.cols, frame.rows);
  });
}

}  // namespace

Json detection(const std::filesystem::path& data, const std::vector<std::filesystem::path>& photos,
               vision::FaceEngine& engine) {
  auto streets = pictures(data / "plates/endtoend/us");
  if (streets.empty())
    return "skipped: no pictures of streets at '" + (data / "plates/endtoend/us").string() + "'";
  const auto clip = frames_of(data / "videos/car-detection.mp4");
  streets.insert(streets.end(), clip.begin(), clip.end());
  const auto pasted = heads(photos, engine);
  const Detect ours = [&](const cv::Mat& frame) {
    auto faces = engine.detect(image_of(frame));
    return faces ? std::move(*faces) : std::vector<vision::Face>();
  };
  return {{"frames_of_clips", clip.size()},
          {"heads", pasted.size()},
          {"rfb_320", figures(pasted, streets, ours)},
          {"rfb_640", finer(data / "../models/version-RFB-640.onnx", pasted, streets)}};
}

}  // namespace porchlight::bench
