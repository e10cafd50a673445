// SPDX-License-Identifier: Apache-2.0
// What the released models make of the generated input (outputs_of_generated()), as
// tests/vision/model_record.py finds it out of the files, by NumPy and without OpenCV. Libraries and
// processors differ in the fifth digit.
#pragma once

#include <string_view>

#include "network.hpp"

namespace porchlight::vision {

struct ModelRecord {
  std::string_view network;
  std::array<int, 4> shape;  // of the input
  RecordedOutputs outputs;
};

inline constexpr ModelRecord detector_record = {
    "detector",
    {1, 3, 240, 320},
    {0.735911F, 0.196780F, 0.293902F, 0.386692F, 0.552504F, 0.957100F, 0.705939F, 0.897639F, 0.354960F,
     0.474051F, 1.071564F, 0.065482F, 0.933314F, 0.933970F, 0.067274F, 0.014596F}};
inline constexpr ModelRecord landmarks_record = {
    "landmarks",
    {1, 1, 64, 64},
    {0.205009F, 0.362186F, 0.796094F, 0.488062F, 0.355749F, 0.618398F, 0.274340F, 0.506047F, 0.327659F,
     0.403471F, 0.283096F, 0.642605F, 0.599834F, 0.521184F, 0.632280F, 0.639863F}};
inline constexpr ModelRecord embedder_record = {
    "embedder",
    {1, 3, 150, 150},
    {-0.166599F, -0.219826F, 0.001922F, 0.066411F, 0.002898F, 0.183379F, 0.076255F, 0.083946F, 0.192150F,
     0.390434F, -0.074142F, 0.048079F, 0.064883F, 0.013435F, -0.000812F, -0.005601F}};
inline constexpr ModelRecord second_embedder_record = {
    "second_embedder",
    {1, 3, 112, 112},
    {-0.065102F, -0.133105F, -0.047410F, -0.119966F, -0.156018F, 0.034840F, -0.004802F, 0.111188F, 0.126549F,
     0.004659F, 0.223240F, -0.066346F, 0.021637F, -0.190739F, 0.084521F, -0.029956F}};

}  // namespace porchlight::vision
