// Elementary functions of float vectors: polynomials after Moshier's Cephes library and N. Juffa's
// erff, within about two units in the last place, right for NaN, infinities, overflow and
// denormals. (The C library has them for single numbers only.)
#pragma once

#include <math.h>

#include "native/base/simd.h"

namespace axonode::AXONODE_ISA {

constexpr float kInfinity = __builtin_inff();

// c0·xᵏ + c1·xᵏ⁻¹ + …
template <class... Rest>
AXONODE_INLINE VecF polynomial(VecF x, float first, Rest... rest) {
  VecF y = splat(first);
  ((y = y * x + rest), ...);
  return y;
}

AXONODE_INLINE VecF absolute(VecF x) { return bitCast<VecF>(bitCast<VecI>(x) & 0x7fffffff); }

// The size of `size` (≥ 0) with the sign of `sign`.
AXONODE_INLINE VecF copySign(VecF size, VecF sign) {
  return bitCast<VecF>(bitCast<VecI>(size) | (bitCast<VecI>(sign) & INT32_MIN));
}

// Limits that let NaN through.
AXONODE_INLINE VecF atMost(VecF x, float limit) { return minOrSecond(splat(limit), x); }
AXONODE_INLINE VecF atLeast(VecF x, float limit) { return maxOrSecond(splat(limit), x); }

// 2ⁿ for -126 ≤ n ≤ 127.
AXONODE_INLINE VecF powerOfTwo(VecI n) { return bitCast<VecF>((n + 127) << 23); }

// eˣ = 2ⁿ·(1 + q), |x - n·ln 2| ≤ ln 2 / 2, q = e^(x - n·ln 2) - 1. For |x| < 10⁴.
struct ExpParts {
  VecI n;
  VecF q;
};
AXONODE_INLINE ExpParts expParts(VecF x) {
  constexpr float kShift = 12582912.0f;  // 1.5·2²³: adding it rounds to an integer, in the low bits
  const VecF shifted = x * 1.44269504f + kShift;
  const VecF n = shifted - kShift;
  const VecF r = x - n * 0.693359375f - n * -2.12194440e-4f;
  const VecF tail = polynomial(r, 1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                               4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f);
  return {bitCast<VecI>(shifted) - bitCast<int32_t>(kShift), tail * (r * r) + r};
}

AXONODE_INLINE VecF exp(VecF x) {
  const ExpParts e = expParts(atLeast(atMost(x, 89.0f), -105.0f));
  // In two factors, as n reaches from -151 (denormal results) to 128.
  const VecI half = e.n >> 1;
  return (1.0f + e.q) * powerOfTwo(half) * powerOfTwo(e.n - half);
}

// eˣ - 1, without cancellation near 0.
AXONODE_INLINE VecF expm1(VecF x) {
  const ExpParts e = expParts(atLeast(atMost(x, 89.0f), -18.0f));
  const VecF half = powerOfTwo(e.n - 1);
  return select(e.n == 0, e.q, (half * e.q + (half - 0.5f)) * 2.0f);
}

AXONODE_INLINE VecF log(VecF x) {
  const VecI denormal = x < 1.17549435e-38f;
  const VecI bits = bitCast<VecI>(select(denormal, x * 8388608.0f, x));
  // x = m·2ᵉ with √½ ≤ m < √2; unsigned, as lanes that are not above 0 may overflow.
  const VecI scale = VecI(VecU(bits) - 0x3f3504f3u) >> 23;
  const VecI e = scale - (denormal & 23);
  const VecF m = bitCast<VecF>(VecU(bits) - (VecU(scale) << 23));
  const VecF f = m - 1.0f, square = f * f, exponent = toFloat(e);
  VecF y = polynomial(f, 7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f,
                      1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f,
                      3.3333331174e-1f);
  y = y * (f * square) + exponent * -2.12194440e-4f - 0.5f * square;
  y = f + y + exponent * 0.693359375f;
  y = select(x < kInfinity, y, x);  // infinity and NaN
  y = select(x == 0.0f, splat(-kInfinity), y);
  return select(x < 0.0f, splat(__builtin_nanf("")), y);
}

// log(1 + x): the logarithm of the rounded sum, and a first-order correction of the rounding.
AXONODE_INLINE VecF log1p(VecF x) {
  const VecF sum = 1.0f + x;
  const VecF correction = (x - (sum - 1.0f)) / sum;
  const VecI exact = (sum == 0.0f) | (sum == kInfinity);
  return select(exact, log(sum), log(sum) + correction);
}

AXONODE_INLINE VecF sigmoid(VecF x) {
  const VecF e = exp(-absolute(x));
  return select(x < 0.0f, e, splat(1.0f)) / (1.0f + e);
}

AXONODE_INLINE VecF tanh(VecF x) {
  const VecF size = absolute(x), square = x * x;
  const VecF tail = polynomial(square, -5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f,
                               1.33314422036e-1f, -3.33332819422e-1f);
  // From 10 on the result is 1 in float, and eˣ needs no care.
  const ExpParts e = expParts(2.0f * atMost(size, 10.0f));
  const VecF power = powerOfTwo(e.n);
  const VecF large = 1.0f - 2.0f / (power * e.q + (power + 1.0f));
  return select(size < 0.625f, x + x * square * tail, copySign(large, x));
}

// The error function 2/√π·∫₀ˣ e^(-t²) dt.
AXONODE_INLINE VecF erf(VecF x) {
  const VecF size = atMost(absolute(x), 4.0f), square = x * x;
  const VecF exponent =
      polynomial(size, -1.72853470e-5f, 3.83197126e-4f, -3.88396438e-3f, 2.42546219e-2f,
                 -1.06777877e-1f, -6.34846687e-1f, -1.28717512e-1f) *
          size -
      size;
  const VecF large = copySign(1.0f - exp(exponent), x);
  const VecF tail = polynomial(square, -5.96761703e-4f, 4.99119423e-3f, -2.67681349e-2f,
                               1.12819925e-1f, -3.76125336e-1f, 1.28379166e-1f);
  return select(size > 0.927734375f, large, x * tail + x);
}

// A function of single numbers, lane by lane.
template <class Function>
AXONODE_INLINE VecF eachLane(VecF x, const Function& function) {
  alignas(kVectorBytes) float lanes[kLanes];
  store(lanes, x);
  for (int i = 0; i < kLanes; ++i) lanes[i] = function(lanes[i]);
  return load(lanes);
}
template <class Vector, class Function>
AXONODE_INLINE Vector eachLane(Vector x, Vector y, const Function& function) {
  using Element = decltype(x[0] + y[0]);
  alignas(kVectorBytes) Element lanes[kLanes], others[kLanes];
  store(lanes, x);
  store(others, y);
  for (int i = 0; i < kLanes; ++i) lanes[i] = function(lanes[i], others[i]);
  return load(lanes);
}

}  // namespace axonode::AXONODE_ISA
