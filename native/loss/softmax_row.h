// Softmax of one contiguous row, for softmax itself and for cross-entropy. Sums run in vectors over
// blocks and in float64 over the blocks' results. A NaN, or a row of -∞ only, makes the whole row
// NaN.
#pragma once

#include "native/base/row_sum.h"
#include "native/base/vector_math.h"

namespace axonode::AXONODE_ISA {

static inline float rowMaximum(const float* x, int64_t n) {
  VecF a = splat(-kInfinity), b = a;
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    a = maxOrSecond(a, load(x + i));
    b = maxOrSecond(b, load(x + i + kLanes));
  }
  for (; i + kLanes <= n; i += kLanes) a = maxOrSecond(a, load(x + i));
  if (i < n) b = maxOrSecond(b, loadPartial(x + i, n - i, -kInfinity));
  return foldLanes(maxOrSecond(a, b), maxOrSecond)[0];
}

// out = e^(x - max x); the result is their sum. out may be null.
static inline double expRow(float* out, const float* x, int64_t n, float maximum) {
  return rowSum(n, [=](int64_t i, int64_t count) {
    if (count == kLanes) {
      const VecF e = exp(load(x + i) - maximum);
      if (out != nullptr) store(out + i, e);
      return e;
    }
    const VecF e = exp(loadPartial(x + i, count, -kInfinity) - maximum);
    if (out != nullptr) storePartial(out + i, e, count);
    return e;
  });
}

// A row of one vector or less, in registers.
struct ShortRow {
  VecF shifted;  // x - max x
  VecF power;    // e to that; 0 beyond the row
  VecF total;    // its sum, in every lane

  AXONODE_INLINE ShortRow of(const float* x, int64_t n) {
    ShortRow row;
    row.shifted = loadPartial(x, n, -kInfinity);
    row.shifted = row.shifted - foldLanes(row.shifted, maxOrSecond);
    row.power = exp(row.shifted);
    row.total = foldLanes(row.power, [](VecF a, VecF b) { return a + b; });
    return row;
  }
};

static inline void logSoftmaxRow(float* out, const float* x, int64_t n) {
  if (n <= kLanes) {
    const ShortRow row = ShortRow::of(x, n);
    return storePartial(out, row.shifted - log(row.total), n);
  }
  const float maximum = rowMaximum(x, n);
  const float logTotal = static_cast<float>(::log(expRow(nullptr, x, n, maximum)));
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, load(x + i) - maximum - logTotal);
  if (i < n) storePartial(out + i, loadPartial(x + i, n - i) - maximum - logTotal, n - i);
}

}  // namespace axonode::AXONODE_ISA
