// 3x3 stride-1 convolution by Winograd's minimal filtering (winograd_transforms.h): forward, input
// gradient and weight gradient. M is 4 or 2. The error is some 1e-5 of the largest result for M
// = 4.
#pragma once

#include "native/conv/winograd_tiles.h"

namespace axonode::AXONODE_ISA {

// Forward and input gradient. The image's channels and the outputs are kLanes or more.
struct WinogradProduct {
  WindowImage image;
  TileGrid grid;
  int64_t tiles;
  Weights weights;
  WeightUse use;
  const float* transformed;  // by transformPanels, or null
  TileFinish finish;
  float* out;
  int64_t outputs;
};

struct WinogradPlan {
  // Tile blocks outermost, with all weights transformed before; or output channels outermost, each
  // thread transforming the weights of its own as it goes.
  bool tilesOutermost;
  int64_t blocks;               // that one thread works on each, or chunks that all share
  int64_t blockTiles;           // of the largest
  int64_t depthPart;            // output channels outermost: input channels transformed at a time
  int64_t rowStride, inStride;  // of transformed tiles: see Frequencies
  int64_t sharedFloats, ownFloats;
  int64_t scratchFloats(int64_t threads) const { return sharedFloats + threads * ownFloats; }
};
template <int M>
WinogradPlan planWinograd(const WinogradProduct& p, int64_t threads);
// The weights of a product: [panel][frequency][channel][column]. Called by every thread of a team,
// which it leaves together.
template <int M>
void transformPanels(const Weights& w, WeightUse use, int64_t depth, int64_t outputs,
                     float* transformed);
// Called by every thread of a team; scratch is shared.
template <int M>
void runWinograd(const WinogradProduct& p, const WinogradPlan& plan, float* scratch,
                 int64_t thread);

struct WinogradGrad {
  WindowImage image;
  TileGrid grid;
  int64_t tiles;
  const float* dy;
  int64_t outputs;
  float* dw;  // [outputs][image.channels][9]
};

struct WinogradGradPlan {
  bool ownSums;        // every thread sums over tiles of its own
  bool blocks;         // threads take blocks of (c, k), of all frequencies; else frequencies
  int64_t chunkTiles;  // transformed at a time
  int64_t sumFloats, sharedFloats, ownFloats;
  int64_t scratchFloats(int64_t threads) const { return sharedFloats + threads * ownFloats; }
};
template <int M>
WinogradGradPlan planWinogradGrad(const WinogradGrad& p, int64_t threads);
template <int M>
void runWinogradGrad(const WinogradGrad& p, const WinogradGradPlan& plan, float* scratch,
                     int64_t thread, int64_t threads);

}  // namespace axonode::AXONODE_ISA
