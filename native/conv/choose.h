// Which algorithm each pass of a convolution takes. Pure functions of the geometry, so that results
// do not depend on anything else; the thresholds were measured.
#pragma once

#include "native/base/geometry.h"

namespace axonode::AXONODE_ISA {

enum class ConvAlgorithm { none, depthwise, direct, scatter, winograd4, winograd2 };

namespace {

// Winograd's transforms work on whole vectors of channels, at most 16 wide.
[[maybe_unused]] bool suitsWinograd(const Geometry& g, bool exact) {
  return !exact && g.groups == 1 && g.kernelHeight == 3 && g.kernelWidth == 3 &&
         g.strideHeight == 1 && g.strideWidth == 1 && g.dilationHeight == 1 &&
         g.dilationWidth == 1 && g.inChannels >= 16 && g.outChannels >= 16 && g.batch > 0 &&
         g.inHeight > 0 && g.inWidth > 0 && g.outHeight > 0 && g.outWidth > 0;
}

// Transformed weights are larger than the weights (F(4x4) four times, F(2x2) twice): with fewer
// tiles, reading them takes longer than the products that are saved.
constexpr int64_t kFewestTiles = 12;

// Products per channel pair that the tiles take, overhanging ones included, against nine an output.
// F(2x2) does more work around its products than F(4x4), and saves fewer.
ConvAlgorithm winogradFor(int64_t batch, int64_t height, int64_t width) {
  const int64_t tiles4 = ((height + 3) / 4) * ((width + 3) / 4);
  const int64_t tiles2 = ((height + 1) / 2) * ((width + 1) / 2);
  const int64_t with4 = tiles4 * 36, with2 = tiles2 * 19;
  const auto gains = [&](int64_t products, int64_t tiles) {
    return products * 4 <= height * width * 27 && batch * tiles >= kFewestTiles;
  };
  if (with4 < with2 && gains(with4, tiles4)) return ConvAlgorithm::winograd4;
  return gains(with2, tiles2) ? ConvAlgorithm::winograd2 : ConvAlgorithm::direct;
}

bool isDepthwise(const Geometry& g) {
  return g.groups == g.inChannels && g.outChannels == g.inChannels;
}

[[maybe_unused]] ConvAlgorithm chooseForward(const Geometry& g, bool exact) {
  if (g.outChannels == 0) return ConvAlgorithm::none;
  if (isDepthwise(g)) return ConvAlgorithm::depthwise;
  return suitsWinograd(g, exact) ? winogradFor(g.batch, g.outHeight, g.outWidth)
                                 : ConvAlgorithm::direct;
}

// Multiplications that gathering and scattering spend, in whole vectors; adding a scattered product
// costs as much as 32 of them.
bool suitsScatter(const Geometry& g) {
  const auto whole = [](int64_t n) { return (n + 15) / 16 * 16; };
  const int64_t taps = g.kernelHeight * g.kernelWidth;
  const int64_t scattered =
      g.outHeight * g.outWidth * whole(taps * g.inChannels) * (g.outChannels + 32);
  const int64_t gathered = g.inHeight * g.inWidth * taps * g.outChannels * whole(g.inChannels) /
                           (g.strideHeight * g.strideWidth);
  return g.groups == 1 && g.batch >= 4 && scattered < gathered;
}

[[maybe_unused]] ConvAlgorithm chooseInputGrad(const Geometry& g, bool exact) {
  if (g.inChannels == 0) return ConvAlgorithm::none;
  if (isDepthwise(g)) return ConvAlgorithm::depthwise;
  const ConvAlgorithm best =
      suitsWinograd(g, exact) ? winogradFor(g.batch, g.inHeight, g.inWidth) : ConvAlgorithm::direct;
  return best == ConvAlgorithm::direct && suitsScatter(g) ? ConvAlgorithm::scatter : best;
}

[[maybe_unused]] ConvAlgorithm chooseWeightGrad(const Geometry& g, bool exact) {
  if (g.inChannels == 0 || g.outChannels == 0) return ConvAlgorithm::none;
  if (isDepthwise(g)) return ConvAlgorithm::depthwise;
  return suitsWinograd(g, exact) ? winogradFor(g.batch, g.outHeight, g.outWidth)
                                 : ConvAlgorithm::direct;
}

}  // namespace
}  // namespace axonode::AXONODE_ISA
