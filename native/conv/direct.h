// Convolution without tricks, for every geometry: each result is the sum of its products.
// Scratch: the weights in panels (weight gradient: the sums of dw, one copy a thread while dw is
// small), and per thread a block of windows, about 400 KiB.
#pragma once

#include "native/conv/forward.h"

namespace axonode::AXONODE_ISA {

void directForward(Context& ctx, float* out, const float* x, const ConvWeights& w,
                   const ConvFinish& finish, const Geometry& g);
// The weights of every group in panels, packedFloats(g, WeightFormat::panels) of them.
void directPack(Context& ctx, float* packed, const float* w, const Geometry& g);
void directInputGrad(Context& ctx, float* dx, const float* dy, const float* w, const float* bias,
                     const Geometry& g);
void directWeightGrad(Context& ctx, float* dw, const float* dy, const float* x, const Geometry& g);

}  // namespace axonode::AXONODE_ISA
