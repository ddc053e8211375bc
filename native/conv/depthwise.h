// Depthwise convolution: every channel has a filter of its own, so vectors run over channels and
// there is no matrix product to gain from.
#pragma once

#include "native/conv/forward.h"

namespace axonode::AXONODE_ISA {

void depthwiseForward(Context& ctx, float* out, const float* x, const ConvWeights& w,
                      const ConvFinish& finish, const Geometry& geometry);
// w[channel][tap] to [tap][channel].
void depthwisePack(float* packed, const float* w, const Geometry& geometry);
void depthwiseInputGrad(Context& ctx, float* dx, const float* dy, const float* w, const float* bias,
                        const Geometry& geometry);
void depthwiseWeightGrad(Context& ctx, float* dw, const float* dy, const float* x,
                         const Geometry& geometry);

}  // namespace axonode::AXONODE_ISA
