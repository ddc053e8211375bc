// What the algorithms of the forward pass have in common: weights that may be prepared, and what is
// done to a result before it is written.
#pragma once

#include "native/conv/choose.h"

namespace axonode::AXONODE_ISA {

struct ConvWeights {
  const float* data;
  bool packed;  // in the format that the algorithm wants, else [K, C/groups, R, S]
};

// max(0, result + bias[k] + add) with relu, else without max.
struct ConvFinish {
  const float* bias;  // or null
  const float* add;   // laid out as the result, or null
  bool relu;
};

}  // namespace axonode::AXONODE_ISA
