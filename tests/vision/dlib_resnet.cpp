// SPDX-License-Identifier: Apache-2.0
#include "vision/dlib_resnet.hpp"

#include <dlib/dnn.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "porchlight/base/durable_file.hpp"

namespace porchlight::vision {
namespace {

// A ResNet of basic blocks (He et al. 2015) with 32 to 256 filters, spelled in dlib's types.
template <int N, int stride, class Below>
using scaled_con = dlib::affine<dlib::con<N, 3, 3, stride, stride, Below>>;
template <int N, int stride, class Below>
using two_layers = scaled_con<N, 1, dlib::relu<scaled_con<N, stride, Below>>>;
template <int N, class Below>
using keep = dlib::relu<dlib::add_prev1<two_layers<N, 1, dlib::tag1<Below>>>>;
template <int N, class Below>
using halve = dlib::relu<dlib::add_prev2<
    dlib::avg_pool<2, 2, 2, 2, dlib::skip1<dlib::tag2<two_layers<N, 2, dlib::tag1<Below>>>>>>>;

template <class Below>
using stem = dlib::max_pool<3, 3, 2, 2, dlib::relu<dlib::affine<dlib::con<32, 7, 7, 2, 2, Below>>>>;
template <class Below>
using stage32 = keep<32, keep<32, keep<32, Below>>>;
template <class Below>
using stage64 = keep<64, keep<64, keep<64, halve<64, Below>>>>;
template <class Below>
using stage128 = keep<128, keep<128, halve<128, Below>>>;
template <class Below>
using stage256 = halve<256, keep<256, keep<256, halve<256, Below>>>>;
using Net = dlib::loss_metric<dlib::fc_no_bias<
    128,
    dlib::avg_pool_everything<stage256<stage128<stage64<stage32<stem<dlib::input_rgb_image_sized<150>>>>>>>>>;

// Fills a network's layers from the input upwards.
class Filler {
 public:
  explicit Filler(const std::string& bytes) : floats_(bytes.size() / sizeof(float)) {
    std::memcpy(floats_.data(), bytes.data(), floats_.size() * sizeof(float));
  }

  template <class Details, class Below, class Enable>
  void fill(dlib::add_layer<Details, Below, Enable>& layer) {
    auto& parameters = layer.layer_details().get_layer_params();
    if (parameters.size() == 0) return;  // relu, pooling, sums; affine hides its own and stays 1 and 0
    take(parameters.host(), parameters.size());
    if constexpr (requires { layer.layer_details().num_filters(); }) {
      fold_scale(parameters.host(), static_cast<std::size_t>(layer.layer_details().num_filters()),
                 parameters.size());
    }
  }
  template <class Layer>
  void fill(Layer&) {}

  bool used_up() const { return fits_ && at_ == floats_.size(); }

 private:
  void take(float* to, std::size_t count) {
    fits_ = fits_ && floats_.size() - at_ >= count;
    if (!fits_) return;
    std::copy_n(floats_.begin() + static_cast<std::ptrdiff_t>(at_), count, to);
    at_ += count;
  }

  // The scale and offset that follow a convolution, put into its filters and biases.
  void fold_scale(float* parameters, std::size_t filters, std::size_t count) {
    std::vector<float> scale(filters);
    std::vector<float> offset(filters);
    take(scale.data(), filters);
    take(offset.data(), filters);
    const auto each = count / filters - 1;
    auto* bias = parameters + filters * each;
    for (std::size_t i = 0; i < filters; ++i) {
      for (std::size_t k = 0; k < each; ++k) parameters[i * each + k] *= scale[i];
      bias[i] = bias[i] * scale[i] + offset[i];
    }
  }

  std::vector<float> floats_;
  std::size_t at_ = 0;
  bool fits_ = true;
};

}  // namespace

struct DlibResnet::Network {
  Net net;
};

DlibResnet::DlibResnet(std::unique_ptr<Network> network) : network_(std::move(network)) {}
DlibResnet::~DlibResnet() = default;

Result<std::unique_ptr<DlibResnet>> DlibResnet::load(const std::filesystem::path& weights) {
  auto bytes = read_whole_file(weights, std::size_t{64} << 20);
  if (!bytes) return std::move(bytes).error();
  auto network = std::make_unique<Network>();
  // The layers allocate their parameters when the first picture passes.
  network->net(dlib::matrix<dlib::rgb_pixel>(150, 150));
  Filler filler(*bytes);
  dlib::visit_layers_backwards(network->net, [&](std::size_t, auto& layer) { filler.fill(layer); });
  if (!filler.used_up())
    return Error(ErrorCode::corrupt, "'" + weights.string() + "' does not fit the network");
  return std::unique_ptr<DlibResnet>(new DlibResnet(std::move(network)));
}

ResnetVector DlibResnet::run(const std::vector<std::uint8_t>& rgb) {
  dlib::matrix<dlib::rgb_pixel> chip(150, 150);
  std::memcpy(&chip(0, 0), rgb.data(), rgb.size());
  const dlib::matrix<float, 0, 1> out = network_->net(chip);
  ResnetVector embedding{};
  std::copy(out.begin(), out.end(), embedding.begin());
  return embedding;
}

}  // namespace porchlight::vision
