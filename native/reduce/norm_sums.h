// Sums that norms of floats are made of, in doubles.
#pragma once

#include "native/base/simd.h"

namespace axonode::AXONODE_ISA {

// Half as many floats as a vector holds, and the same numbers as doubles: squares of floats neither
// overflow nor vanish there.
typedef float HalfF __attribute__((vector_size(kVectorBytes / 2)));
typedef HalfF HalfUnaligned __attribute__((aligned(alignof(float))));
typedef double VecD __attribute__((vector_size(kVectorBytes)));
typedef int64_t VecL __attribute__((vector_size(kVectorBytes)));
constexpr int kHalf = kLanes / 2;

AXONODE_INLINE VecD loadDoubles(const float* x) {
  return __builtin_convertvector(*reinterpret_cast<const HalfUnaligned*>(x), VecD);
}

// What a norm adds up. Zero counts for nothing in all of them.
struct Squares {
  static VecD combine(VecD sum, VecD x) { return sum + x * x; }
  static VecD join(VecD a, VecD b) { return a + b; }
};
struct Magnitudes {
  static VecD magnitude(VecD x) { return x < 0.0 ? -x : x; }
  static VecD combine(VecD sum, VecD x) { return sum + magnitude(x); }
  static VecD join(VecD a, VecD b) { return a + b; }
};
struct Largest {
  static VecD combine(VecD a, VecD x) { return join(a, Magnitudes::magnitude(x)); }
  // A NaN wins.
  static VecD join(VecD a, VecD b) { return ((a > b) | (a != a)) ? a : b; }
};

template <class Norm>
static inline double sumRange(const float* x, int64_t n) {
  VecD sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kHalf <= n; i += 4 * kHalf) {
    for (int k = 0; k < 4; ++k) sums[k] = Norm::combine(sums[k], loadDoubles(x + i + k * kHalf));
  }
  for (; i < n; i += kHalf) {
    VecD rest = {};
    for (int k = 0; k < kHalf && i + k < n; ++k) rest[k] = static_cast<double>(x[i + k]);
    sums[0] = Norm::combine(sums[0], rest);
  }
  VecD sum = Norm::join(Norm::join(sums[0], sums[1]), Norm::join(sums[2], sums[3]));
  for (int k = 1; k < kHalf; ++k) {
    VecD lane = {};
    lane[0] = sum[k];
    sum = Norm::join(sum, lane);
  }
  return sum[0];
}

static inline double powerRange(const float* x, int64_t n, double power) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += __builtin_pow(__builtin_fabs(x[i]), power);
  return sum;
}

// use(sum, join, root): sum(x, n) of some elements, join(a, b) of the sums of two parts, and the
// norm that is the root of a sum. normType > 0.
template <class Use>
static inline void withNorm(double normType, const Use& use) {
  const auto add = [](double a, double b) { return a + b; };
  const auto larger = [](double a, double b) { return a > b || a != a ? a : b; };
  const auto same = [](double x) { return x; };
  if (normType == 2) return use(sumRange<Squares>, add, [](double x) { return __builtin_sqrt(x); });
  if (normType == 1) return use(sumRange<Magnitudes>, add, same);
  if (normType == __builtin_inf()) return use(sumRange<Largest>, larger, same);
  use([=](const float* x, int64_t n) { return powerRange(x, n, normType); }, add,
      [=](double x) { return __builtin_pow(x, 1 / normType); });
}

}  // namespace axonode::AXONODE_ISA
