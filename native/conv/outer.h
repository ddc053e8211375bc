// The weight gradient as a sum of outer products: windows of x, [taps x channels], times dy.
#pragma once

#include "native/conv/gather.h"

namespace axonode::AXONODE_ISA {

struct OuterPlan {
  bool splitPoints;     // threads sum over points of their own; else they own slices
  bool paddedRows;      // windows are read from padded image rows
  bool inPlace;         // 1x1: the image itself is the matrix
  bool copied;          // dy is; else its columns are read in place
  bool readsAhead;      // the next block of dy is brought in while this one is multiplied
  WindowSlices slices;  // of the result's rows, unless paddedRows
  int64_t blockPoints, blockRows;
  int64_t windowStride;
  int64_t sumStride;  // floats from one row of the sums to the next: whole panels
  int64_t panelFloats, imageFloats, sumFloats;  // of each thread (sums: of each part)
  int64_t scratchFloats(int64_t threads) const;
};

// p.out, p.panels and p.bias are not used; p.outputs are dy's channels.
OuterPlan planOuter(const GatherProduct& p, int64_t dyPixel, int64_t threads);
// Called by every thread of a team of `threads`; dy has dyPixel floats per point. Writes
// dw[k][c][t]. Ends with a barrier. scratch is shared by the team: plan.scratchFloats(threads).
void runOuter(const GatherProduct& p, const OuterPlan& plan, const float* dy, int64_t dyPixel,
              float* dw, float* scratch, int64_t thread, int64_t threads);

}  // namespace axonode::AXONODE_ISA
