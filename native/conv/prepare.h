// What is asked about convolutions from outside of the kernels: the algorithm of a pass, and how
// weights are prepared. Compiled once, as the answers are the same for all instruction sets.
#pragma once

#include "native/base/count.h"
#include "native/base/geometry.h"

namespace axonode {

// The name of the algorithm that a pass takes (0 conv2d, 1 its input gradient, 2 its weight
// gradient), given Context::exactConvolution.
const char* convAlgorithm(int64_t pass, const Geometry& geometry, bool exact);

// How weights are laid out for conv2dPacked. TypeScript carries it from prepareConv to the kernels,
// as a number.
enum class WeightFormat { kDepthwise, kPanels, kWinograd4, kWinograd2, kCount };

// Outputs come in whole panels of the widest vectors.
constexpr int64_t kWidestPanel = 32;

struct PreparedConv {
  Count elements;
  WeightFormat format;
};

// The format that the forward pass wants, and its size.
PreparedConv prepareConv(const Geometry& geometry, bool exact);

// Whether a convolution can be computed from weights in a format.
bool suitsFormat(const Geometry& geometry, WeightFormat format);

// Elements of weights in a format that suits the geometry.
Count packedElements(const Geometry& geometry, WeightFormat format);

}  // namespace axonode
