// Numbers that travel in one array: src/backend/kernels/geometry.ts says what they mean, and
// binding/geometry.cc reads and checks them.
#pragma once

#include "native/base/types.h"

namespace axonode {

// A 2-D convolution or pooling.
struct Geometry {
  int64_t batch, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels;
  int64_t kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft;
  int64_t dilationHeight, dilationWidth, groups;
};

// What an average pooling divides by.
struct Averaging {
  int64_t padBottom, padRight;
  bool countPadding;
  int64_t divisor;
};

// Images that change their size.
struct Upsampling {
  int64_t batch, channels, inHeight, inWidth, outHeight, outWidth;
  double scaleHeight, scaleWidth;
};

// [batch, spatial, channels], the channels in groups.
struct Grouping {
  int64_t batch, spatial, channels, groups;
};

// A step with momentum at some rows.
struct MomentumStep {
  double lr, keep, add, own, ahead;
};

// Packed sequences, and the recurrent layer that goes over them.
struct Sequences {
  Ints sizes;  // of the steps; the first is the batch
  int64_t batch, hidden, outputs;
  bool reverse;
};

}  // namespace axonode
