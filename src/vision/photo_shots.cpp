// SPDX-License-Identifier: Apache-2.0
// Photographs come in every size: the detector's fixed view is widened by tiles and by a border.
#include <openssl/evp.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "engine_parts.hpp"
#include "porchlight/base/durable_file.hpp"
#include "porchlight/media/photo.hpp"
#include "porchlight/vision/refusal.hpp"

namespace porchlight::vision {
namespace {

media::Image copy_of(const cv::Mat& mat) {
  media::Image image{mat.cols, mat.rows, 3, static_cast<std::size_t>(mat.cols) * 3, {}};
  image.pixels.resize(image.stride * static_cast<std::size_t>(mat.rows));
  mat.copyTo(view(image));
  return image;
}

void move_by(std::vector<Face>& faces, float x, float y) {
  for (auto& face : faces) {
    face.box.x += x;
    face.box.y += y;
  }
}

// A portrait that fills its picture: the detector wants to see some background.
std::vector<Face> detect_bordered(EngineParts& parts, const media::Image& photo) {
  // A strip is no portrait, and with a border like that it would be a square of its length.
  constexpr int longest_portrait = 4;  // of its shorter side
  const auto longer = std::max(photo.width, photo.height);
  if (longer > longest_portrait * std::min(photo.width, photo.height)) return {};
  const auto border = longer / 3;
  media::Image wide{photo.width + 2 * border, photo.height + 2 * border, 3, 0, {}};
  wide.stride = static_cast<std::size_t>(wide.width) * 3;
  wide.pixels.resize(wide.stride * static_cast<std::size_t>(wide.height));
  auto canvas = view(wide);
  cv::copyMakeBorder(view(photo), canvas, border, border, border, border, cv::BORDER_REPLICATE);
  auto faces = parts.detect(wide);
  move_by(faces, static_cast<float>(-border), static_cast<float>(-border));
  return faces;
}

Status may_go_on(const FaceEngine::GoOn& go_on) {
  if (!go_on || go_on()) return {};
  return Error(ErrorCode::cancelled, "the photograph was put aside");
}

// Tiles of half the picture's sides, overlapping by half: faces half as high are found.
Result<std::vector<Face>> detect_tiled(EngineParts& parts, const media::Image& photo,
                                       const FaceEngine::GoOn& go_on) {
  std::vector<Face> all;
  const auto whole = view(photo);
  for (int i = 0; i < 9; ++i) {
    if (auto status = may_go_on(go_on); !status) return std::move(status).error();
    const cv::Rect tile(i % 3 * photo.width / 4, i / 3 * photo.height / 4, photo.width / 2, photo.height / 2);
    auto faces = parts.detect(copy_of(whole(tile)));
    move_by(faces, static_cast<float>(tile.x), static_cast<float>(tile.y));
    all.insert(all.end(), faces.begin(), faces.end());
  }
  std::sort(all.begin(), all.end(), [](const Face& a, const Face& b) { return a.box.height > b.box.height; });
  return all;
}

// Keeps what is new; a face cut by a tile's edge is covered by a larger box of the same face.
void add_unseen(std::vector<Face>& faces, const std::vector<Face>& more) {
  const auto inside = [](const Box& a, const Box& b) {
    const auto width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
    const auto height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
    return width > 0 && height > 0 &&
           width * height > 0.4F * std::min(a.width * a.height, b.width * b.height);
  };
  for (const auto& face : more) {
    const auto known =
        std::any_of(faces.begin(), faces.end(), [&](const Face& old) { return inside(old.box, face.box); });
    if (!known) faces.push_back(face);
  }
}

Result<std::vector<Face>> detect_thoroughly(EngineParts& parts, const media::Image& photo,
                                            const FaceEngine::GoOn& go_on = {}) {
  if (auto status = may_go_on(go_on); !status) return std::move(status).error();
  auto faces = parts.detect(photo);
  constexpr int worth_tiling = 480;  // pixels of the shorter side
  if (faces.empty() && std::min(photo.width, photo.height) >= worth_tiling) {
    const auto more = detect_tiled(parts, photo, go_on);
    if (!more) return more.error();
    add_unseen(faces, *more);
  }
  if (faces.empty()) {
    if (auto status = may_go_on(go_on); !status) return std::move(status).error();
    faces = detect_bordered(parts, photo);
  }
  std::sort(faces.begin(), faces.end(),
            [](const Face& a, const Face& b) { return a.box.height > b.box.height; });
  return faces;
}

std::string sha256_of(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

// Refused, and not embedded, when it is worse than `least`; without one, whatever it is.
Result<Shot> shot_of(FaceEngine& engine, const media::Image& photo, const Face& face,
                     std::optional<float> least) {
  const auto min_size = engine.options().min_size;
  if (auto refused = refusal_of_size(face.box, min_size); refused && least) return Shot{face, 0, {}, refused};
  const auto chip = engine.align(photo, face);
  if (!chip) return chip.error();
  if (least) {
    if (auto refused = refusal_of(*chip, face.box, min_size, *least))
      return Shot{face, chip->quality, {}, std::move(refused)};
  }
  const auto embedding = engine.embed(*chip);
  if (!embedding) return embedding.error();
  return Shot{face, chip->quality, *embedding, {}};
}

// `sorted`: the largest first.
Status check_enrolable(const std::vector<Face>& sorted, int min_size, FaceEngine::Whose whose) {
  if (sorted.empty()) return Error(ErrorCode::not_found, "no face in the picture");
  const auto largest = sorted.front().box.height;
  if (largest < static_cast<float>(min_size)) return {};  // refused, whoever it is
  if (whose == FaceEngine::Whose::largest) return {};
  constexpr float comparable = 0.5F;  // of the largest face's height
  const auto rivals = std::count_if(sorted.begin(), sorted.end(), [&](const Face& face) {
    return face.box.height >= comparable * largest;
  });
  if (rivals == 1) return {};
  return Error(ErrorCode::already_exists, (rivals == 2 ? std::string("two") : std::to_string(rivals)) +
                                              " faces in the picture: cut it so that it shows one person");
}

Result<std::string> read_file(const std::filesystem::path& path) {
  return read_whole_file(path, media::PhotoLimits{}.bytes);
}

Result<media::Image> decode(const std::string& file) {
  return media::decode_photo({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()});
}

}  // namespace

Result<std::vector<Shot>> FaceEngine::shots_of_photo(const std::filesystem::path& path) {
  const auto photo = media::read_photo(path);
  if (!photo) return photo.error();
  return shots_of_photo(*photo);
}

Result<std::vector<Shot>> FaceEngine::shots_of_photo(const media::Image& photo, const GoOn& go_on) {
  return guarded("look for faces", [&]() -> Result<std::vector<Shot>> {
    const auto faces = detect_thoroughly(*parts_, photo, go_on);
    if (!faces) return faces.error();
    std::vector<Shot> shots;
    for (const auto& face : *faces) {
      // The largest come first.
      if (shots.size() == faces_of_photo) break;
      if (auto status = may_go_on(go_on); !status) return std::move(status).error();
      auto shot = shot_of(*this, photo, face, usable_shot);
      if (!shot) return std::move(shot).error();
      shots.push_back(*shot);
    }
    return shots;
  });
}

Result<std::optional<Shot>> FaceEngine::largest_shot(const media::Image& photo) {
  return guarded("look for faces", [&]() -> Result<std::optional<Shot>> {
    const auto faces = detect_thoroughly(*parts_, photo);
    if (!faces) return faces.error();
    if (faces->empty()) return std::optional<Shot>();
    auto shot = shot_of(*this, photo, faces->front(), std::nullopt);
    if (!shot) return std::move(shot).error();
    return std::optional<Shot>(*shot);
  });
}

Result<Shot> FaceEngine::enrolable_shot(const media::Image& photo, Whose whose, const GoOn& go_on) {
  return guarded("look for faces", [&]() -> Result<Shot> {
    const auto faces = detect_thoroughly(*parts_, photo, go_on);
    if (!faces) return faces.error();
    if (auto fit = check_enrolable(*faces, options().min_size, whose); !fit) return std::move(fit).error();
    if (auto status = may_go_on(go_on); !status) return std::move(status).error();
    auto shot = shot_of(*this, photo, faces->front(), good_shot);
    if (shot) shot->alone = faces->size() == 1;
    return shot;
  });
}

Result<Enrolment> FaceEngine::enrol_photo(const std::filesystem::path& path) {
  const auto enrol = [&]() -> Result<Enrolment> {
    const auto file = read_file(path);
    if (!file) return file.error();
    const auto photo = decode(*file);
    if (!photo) return photo.error();
    const auto shot = enrolable_shot(*photo, Whose::only);
    if (!shot) return shot.error();
    return Enrolment{shot->embedding, shot->face.box, shot->quality, sha256_of(*file), shot->refused};
  };
  auto enrolment = enrol();
  if (enrolment) return enrolment;
  return std::move(enrolment).error().context("enrol photo '" + path.string() + "'");
}

}  // namespace porchlight::vision
