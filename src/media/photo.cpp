// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/photo.hpp"

#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <type_traits>

#include "exif.hpp"
#include "porchlight/base/durable_file.hpp"

namespace porchlight::media {
namespace {

using Bytes = std::span<const std::uint8_t>;

Error monstrous(std::size_t width, std::size_t height, std::size_t most) {
  return {ErrorCode::resource, "the picture is monstrous: " + std::to_string(width) + " × " +
                                   std::to_string(height) + " pixels, at most " +
                                   std::to_string(most / 1'000'000) + " megapixels are read"};
}

Error broken(const std::string& cause) {
  return {ErrorCode::corrupt, "the picture is broken or cut off: " + cause};
}

bool too_many_pixels(std::size_t width, std::size_t height, std::size_t most) {
  return height != 0 && width > most / height;
}

Image blank(std::size_t width, std::size_t height) {
  return {static_cast<int>(width), static_cast<int>(height), 3, width * 3,
          std::vector<std::uint8_t>(width * height * 3)};
}

// A progressive JPEG is built up in passes, each over all of it. Cameras make about ten; the format allows
// any number of them that say next to nothing.
constexpr std::size_t most_passes = 100;

std::size_t passes_of(Bytes file) {
  std::size_t passes = 0;
  std::size_t at = 2;
  while (at + 3 < file.size()) {
    const auto marker = file[at + 1];
    // Within a pass 0xff is followed by 0 or a restart marker; neither has a segment of its own.
    const bool alone = marker == 0 || marker == 1 || (marker >= 0xd0 && marker <= 0xd8);
    if (file[at] != 0xff || marker == 0xff || alone) {
      at += file[at] == 0xff && alone ? 2 : 1;
      continue;
    }
    if (marker == 0xd9) break;
    if (marker == 0xda) ++passes;
    at += 2 + (std::size_t{file[at + 2]} << 8) + file[at + 3];
  }
  return passes;
}

// The mildest of the decoder's own reductions that keeps so many pixels at most, else the strongest.
tjscalingfactor reduction_for(std::size_t width, std::size_t height, std::size_t kept) {
  tjscalingfactor factor{1, 1};
  for (; factor.denom < 8; factor.denom *= 2) {
    const auto scaled = static_cast<std::size_t>(TJSCALED(static_cast<int>(width), factor)) *
                        static_cast<std::size_t>(TJSCALED(static_cast<int>(height), factor));
    if (scaled <= kept) break;
  }
  return factor;
}

// Every n × n pixels become their mean; what is left at the right and below is cut off.
Image reduced(Image whole, std::size_t kept) {
  std::size_t n = 1;
  const auto width = static_cast<std::size_t>(whole.width);
  const auto height = static_cast<std::size_t>(whole.height);
  while (n < width && n < height && (width / n) * (height / n) > kept) ++n;
  if (n == 1) return whole;
  auto photo = blank(width / n, height / n);
  auto* to = photo.pixels.data();
  for (std::size_t row = 0; row < height / n; ++row)
    for (std::size_t column = 0; column < width / n; ++column)
      for (std::size_t channel = 0; channel < 3; ++channel) {
        std::size_t sum = 0;
        for (std::size_t y = row * n; y < (row + 1) * n; ++y)
          for (std::size_t x = column * n; x < (column + 1) * n; ++x)
            sum += whole.pixels[(y * width + x) * 3 + channel];
        *to++ = static_cast<std::uint8_t>(sum / (n * n));
      }
  return photo;
}

// Where the pixel of the upright picture comes from in the stored one, by Exif's eight orientations.
Image upright(Image stored, int orientation) {
  if (orientation == 1) return stored;
  const bool turned = orientation >= 5;
  const bool mirrored_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirrored_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const auto width = static_cast<std::size_t>(stored.width);
  const auto height = static_cast<std::size_t>(stored.height);
  Image photo = turned ? blank(height, width) : blank(width, height);
  auto* to = photo.pixels.data();
  for (std::size_t row = 0; row < static_cast<std::size_t>(photo.height); ++row) {
    for (std::size_t column = 0; column < static_cast<std::size_t>(photo.width); ++column, to += 3) {
      auto x = turned ? row : column;
      auto y = turned ? column : row;
      if (mirrored_x) x = width - 1 - x;
      if (mirrored_y) y = height - 1 - y;
      std::copy_n(&stored.pixels[(y * width + x) * 3], 3, to);
    }
  }
  return photo;
}

// libjpeg's own bound on a side is looked at before the caller's, and is no damage.
Error header_fault(const std::string& cause) {
  if (cause.find("Maximum supported image dimension") == std::string::npos) return broken(cause);
  return {ErrorCode::resource, "the picture is monstrous: " + cause};
}

struct TurboClose {
  void operator()(void* handle) const noexcept { tjDestroy(handle); }
};

Result<Image> decode_jpeg(Bytes file, const PhotoLimits& limits) {
  const std::unique_ptr<void, TurboClose> turbo(tjInitDecompress());
  if (!turbo) return Error(ErrorCode::resource, "no memory for the JPEG decoder");
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  const auto size = static_cast<unsigned long>(file.size());
  if (tjDecompressHeader3(turbo.get(), file.data(), size, &width, &height, &subsampling, &colours) != 0) {
    return header_fault(tjGetErrorStr2(turbo.get()));
  }
  const auto passes = passes_of(file);
  const auto most = passes > 1 ? std::min(limits.pixels, limits.progressive_pixels) : limits.pixels;
  if (too_many_pixels(static_cast<std::size_t>(width), static_cast<std::size_t>(height), most)) {
    return monstrous(static_cast<std::size_t>(width), static_cast<std::size_t>(height), most);
  }
  if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
    return Error(ErrorCode::unsupported, "a JPEG for printing (CMYK) is not read, save it as RGB");
  }
  if (passes > most_passes)
    return Error(ErrorCode::resource,
                 "the picture is monstrous: a JPEG of more than " + std::to_string(most_passes) + " passes");
  const auto factor =
      reduction_for(static_cast<std::size_t>(width), static_cast<std::size_t>(height), limits.kept_pixels);
  width = TJSCALED(width, factor);
  height = TJSCALED(height, factor);
  auto photo = blank(static_cast<std::size_t>(width), static_cast<std::size_t>(height));
  // A file that ends early is only a warning to the library, with grey where the rest was.
  constexpr int flags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;
  if (tjDecompress2(turbo.get(), file.data(), size, photo.pixels.data(), width, 0, height, TJPF_BGR, flags) !=
      0) {
    return broken(tjGetErrorStr2(turbo.get()));
  }
  return upright(std::move(photo), exif_orientation(file));
}

Result<Image> decode_png(Bytes file, const PhotoLimits& limits) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, decltype(&png_image_free)> release(&image, png_image_free);
  if (png_image_begin_read_from_memory(&image, file.data(), file.size()) == 0) return broken(image.message);
  if (too_many_pixels(image.width, image.height, limits.pixels))
    return monstrous(image.width, image.height, limits.pixels);
  image.format = PNG_FORMAT_BGR;
  auto photo = blank(image.width, image.height);
  const png_color white = {255, 255, 255};
  if (png_image_finish_read(&image, &white, photo.pixels.data(), 0, nullptr) == 0)
    return broken(image.message);
  return reduced(std::move(photo), limits.kept_pixels);
}

bool begins_with(Bytes file, std::initializer_list<std::uint8_t> magic) {
  return file.size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.begin());
}

}  // namespace

Result<Image> decode_photo(Bytes file, const PhotoLimits& limits) {
  if (begins_with(file, {0xff, 0xd8, 0xff})) return decode_jpeg(file, limits);
  if (begins_with(file, {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'})) return decode_png(file, limits);
  return Error(ErrorCode::unsupported, "not a JPEG or PNG picture");
}

Result<Image> read_photo(const std::filesystem::path& path, const PhotoLimits& limits) {
  const auto doing = "read photo '" + path.filename().string() + "'";
  auto file = read_whole_file(path, limits.bytes);
  if (!file) return std::move(file).error().context(doing);
  auto photo = decode_photo({reinterpret_cast<const std::uint8_t*>(file->data()), file->size()}, limits);
  if (!photo) return std::move(photo).error().context(doing);
  return photo;
}

}  // namespace porchlight::media
