// The input gradient the other way round: dy times all taps of the weights, [taps x channels] a
// point, added to where the taps lie. Better than gathering when there are few input channels (the
// taps fill the vectors) or few output points (gathering would mostly meet padding).
#pragma once

#include "native/base/geometry.h"

namespace axonode::AXONODE_ISA {

void scatterInputGrad(Context& ctx, float* dx, const float* dy, const float* w, const float* bias,
                      const Geometry& g);

}  // namespace axonode::AXONODE_ISA
