// Sums over a row: in vectors over blocks, and in float64 over the blocks' results.
#pragma once

#include "native/base/simd.h"

namespace axonode::AXONODE_ISA {

// The sum of f(i, count) over [0, n): f gives the vector of the elements i to i + count, and 0 in
// the lanes beyond count.
template <class Function>
static inline double rowSum(int64_t n, const Function& f) {
  constexpr int64_t kBlock = 64 * kLanes;
  double total = 0;
  for (int64_t start = 0; start < n; start += kBlock) {
    const int64_t end = smaller(start + kBlock, n);
    VecF a{}, b{};
    int64_t i = start;
    for (; i + 2 * kLanes <= end; i += 2 * kLanes) {
      a += f(i, int64_t{kLanes});
      b += f(i + kLanes, int64_t{kLanes});
    }
    for (; i + kLanes <= end; i += kLanes) a += f(i, int64_t{kLanes});
    if (i < end) b += f(i, end - i);
    total += static_cast<double>(sumLanes(a + b));
  }
  return total;
}

}  // namespace axonode::AXONODE_ISA
