// Transposing a square of kLanes x kLanes floats in registers, and copying short runs of floats.
#pragma once

#include "native/base/simd.h"

namespace axonode::AXONODE_ISA {
namespace {

// The halves of a and b, interleaved.
[[gnu::always_inline]] inline VecF interleaveLow(VecF a, VecF b) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
#elif defined(__AVX__)
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#else
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#endif
}
[[gnu::always_inline]] inline VecF interleaveHigh(VecF a, VecF b) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                 31);
#elif defined(__AVX__)
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
}

// rows[i][j] becomes rows[j][i]: log2(kLanes) rounds of perfect shuffles.
[[gnu::always_inline]] inline void transposeSquare(VecF (&rows)[kLanes]) {
#pragma GCC unroll 4
  for (int64_t round = 1; round < kLanes; round *= 2) {
    VecF next[kLanes];
#pragma GCC unroll 16
    for (int64_t i = 0; i < kLanes / 2; i++) {
      next[2 * i] = interleaveLow(rows[i], rows[i + kLanes / 2]);
      next[2 * i + 1] = interleaveHigh(rows[i], rows[i + kLanes / 2]);
    }
#pragma GCC unroll 16
    for (int64_t i = 0; i < kLanes; i++) rows[i] = next[i];
  }
}

template <int N>
[[gnu::always_inline]] inline void copyFixed(float* to, const float* from) {
  __builtin_memcpy(to, from, N * sizeof(float));
}

// memcpy and memset without the call: runs are a few hundred bytes.
[[gnu::always_inline]] inline void copyFloats(float* to, const float* from, int64_t n) {
  if (n >= kLanes) {
    for (int64_t i = 0; i < n - kLanes; i += kLanes) store(to + i, load(from + i));
    store(to + n - kLanes, load(from + n - kLanes));  // overlaps what was copied, to end exactly
    return;
  }
  if (n & 8) copyFixed<8>(to, from), to += 8, from += 8;
  if (n & 4) copyFixed<4>(to, from), to += 4, from += 4;
  if (n & 2) copyFixed<2>(to, from), to += 2, from += 2;
  if (n & 1) *to = *from;
}

[[gnu::always_inline]] inline void zeroFloats(float* to, int64_t n) {
  if (n >= kLanes) {
    for (int64_t i = 0; i < n - kLanes; i += kLanes) store(to + i, VecF{});
    store(to + n - kLanes, VecF{});
    return;
  }
  for (int64_t i = 0; i < n; i++) to[i] = 0;
}

}  // namespace
}  // namespace axonode::AXONODE_ISA
