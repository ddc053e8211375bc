// Pieces that the kernels with indices share.
#pragma once

#include "native/base/parallel.h"

namespace axonode::AXONODE_ISA {

static inline bool inRange(int32_t index, int64_t axis) { return index >= 0 && index < axis; }

static inline void addElements(float* __restrict out, const float* __restrict x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] += x[i];
}

// work(outer, axis, inner) on ranges that split the elements of [outer, axis, inner] among the
// threads. Each thread owns what it adds to and goes through the indices in order, so sums do not
// depend on the team. `additions` are made in all.
template <class Work>
static inline void forOwners(Context& context, int64_t outer, int64_t axis, int64_t inner,
                             int64_t additions, const Work& work) {
  const int team = teamSize(context, additions, kGrain);
  const bool byOuter = outer >= team, byInner = !byOuter && inner >= 16 * team;
  const int64_t n = byOuter ? outer : byInner ? inner : axis;
  parallelParts(team, n, [&](int64_t begin, int64_t end, int) {
    const Range part{begin, end};
    work(byOuter ? part : Range{0, outer}, byOuter || byInner ? Range{0, axis} : part,
         byInner ? part : Range{0, inner});
  });
}

}  // namespace axonode::AXONODE_ISA
